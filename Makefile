.PHONY: check long bench tsan fuzz

# What CI runs: format, build, every test.
check:
	./test

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
