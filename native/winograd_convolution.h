// 3x3 convolutions of stride 1 by Winograd's minimal filtering (simd/winograd.inc). It needs fewer multiplications
// than a direct convolution. Its rounding errors are a few times larger (about 1e-6 of the largest value).
#pragma once
#include "geometry.h"

namespace winograd {

// Whether the shape has stride 1, even sizes, and enough input and output channels, which must fill vectors.
bool supports(const Geometry& g);

void forward(const Geometry& g, const float* x, const float* filter, const float* bias, bool relu, float* y);
void input_gradient(const Geometry& g, const float* dy, const float* filter, float* dx);
void filter_gradient(const Geometry& g, const float* x, const float* dy, float* dfilter);

}  // namespace winograd
