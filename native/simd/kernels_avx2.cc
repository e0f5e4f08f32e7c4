// The kernels for AVX2. The flags are in binding.gyp.
#include "kernels.inc"
