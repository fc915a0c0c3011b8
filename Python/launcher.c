// The program `rlsuite` of the Python package, whose code is in the shared library beside it.
#include <rlsuite.h>

int main(void) { return rlsuite_run_program(); }
