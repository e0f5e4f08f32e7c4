// Convolutions by this package's own kernels (simd/convolution.inc), for shapes whose channels fill vectors.
#pragma once
#include "geometry.h"

namespace direct {

bool does_forward(const Geometry& g);
bool does_input_gradient(const Geometry& g);
bool does_filter_gradient(const Geometry& g);

// y = x * filter (+ bias), then ReLU where asked.
void forward(const Geometry& g, const float* x, const float* filter, const float* bias, bool relu, float* y);
// dx from dy and the filter.
void input_gradient(const Geometry& g, const float* dy, const float* filter, float* dx);
// The filter's gradient from x and dy.
void filter_gradient(const Geometry& g, const float* x, const float* dy, float* dfilter);

}  // namespace direct
