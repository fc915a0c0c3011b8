.PHONY: check long bench tsan

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
