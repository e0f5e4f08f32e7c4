// The kernels of this folder for one instruction set; the flags are in binding.gyp.
#include "kernels.inc"
