// The kernels for AVX-512. The flags are in binding.gyp.
#include "kernels.inc"
