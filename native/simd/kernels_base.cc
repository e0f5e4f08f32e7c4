// The kernels for the baseline of the architecture (SSE2 on x86-64). The flags are in binding.gyp.
#include "kernels.inc"
