.PHONY: check test format docs long bench tsan fuzz library wheel

# What CI runs: format, builds, every test, documentation.
check:
	./test

# Some tests in a debug build, which is quick to build again: make test FILTER=AdvantageTests
test:
	swift test --enable-swift-testing --disable-xctest --disable-index-store --filter "$(FILTER)"

# Formats every source file.
format:
	swift format -i --recursive --parallel Package.swift Sources Environments Agents Tests Examples

# The documentation of every module, into .build/documentation.
docs:
	Scripts/docs

# The learning tests too, and the Python package in clean surroundings.
long:
	RLSUITE_LONG_TESTS=1 ./test
	Python/check

bench:
	./rlsuite bench

# Looks for data races in stepping, training and evaluation on several threads, in a build folder of
# its own.
tsan:
	swift test --enable-swift-testing --disable-xctest --sanitize=thread --disable-index-store --scratch-path .build-thread \
	  --filter "RLCoreTests|TrainingTests|threadsShareNothing|threadsDoNotDisturb"

# Feeds broken recordings and files of HDF5 to their readers for a minute each; what it learns goes to a folder that
# git ignores.
# Then calls the C interface with arguments that make no sense for another minute.
fuzz:
	Tests/Fuzz/run
	RLSUITE_LIBRARY=$$(Python/library)/librlsuite.so python3 Python/tests/fuzz.py

# The shared library with its header, into .build-program/library.
library:
	Python/library

# The Python package as a wheel, into Python/dist.
wheel:
	Python/wheel
