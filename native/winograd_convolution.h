// 3x3 convolutions of stride 1 by Winograd's minimal filtering (simd/winograd.inc): fewer multiplications than a direct
// convolution has, at rounding errors a few times its own (about 1e-6 of the largest value).
#pragma once
#include "geometry.h"

namespace winograd {

// Stride 1, even sizes, and on both sides enough channels, that fill vectors.
bool does(const Geometry& g);

void forward(const Geometry& g, const float* x, const float* filter, const float* bias, bool relu, float* y);
void input_gradient(const Geometry& g, const float* dy, const float* filter, float* dx);
void filter_gradient(const Geometry& g, const float* x, const float* dy, float* dfilter);

}  // namespace winograd
