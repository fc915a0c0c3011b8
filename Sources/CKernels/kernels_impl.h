// All kernel bodies, in the order they use each other.  Included once per instruction set.
#include "math_impl.h"
#include "gemm_impl.h"
#include "blocked_impl.h"
#include "dense_impl.h"
#include "elementwise_impl.h"
#include "rows_impl.h"
#include "distributions_impl.h"
#include "quantile_impl.h"
