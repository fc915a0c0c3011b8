.PHONY: check test format docs long bench tsan fuzz

# What CI runs: format, builds, every test, documentation.
check:
	./test

# Some tests in a debug build, which is quick to build again: make test FILTER=AdvantageTests
test:
	swift test --filter "$(FILTER)"

# Formats every source file.
format:
	swift format -i --recursive --parallel Package.swift Sources Environments Agents Tests Examples

# The documentation of every module, into .build/documentation.
docs:
	Scripts/docs

# The learning tests too.
long:
	RLSUITE_LONG_TESTS=1 ./test

bench:
	./rlsuite bench

tsan:
	swift test --sanitize=thread --filter "RLCoreTests|TrainingTests"

# Feeds broken recordings to the reader for a minute; what it learns goes to a folder that git ignores.
fuzz:
	Tests/Fuzz/run
