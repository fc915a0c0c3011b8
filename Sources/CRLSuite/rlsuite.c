#include "rlsuite.h"
