// Convolutions by this package's own kernels (simd/convolution.inc), for shapes whose channels fill vectors.
#pragma once
#include <functional>

#include "geometry.h"

namespace direct {

bool supports_forward(const Geometry& g);
bool supports_input_gradient(const Geometry& g);
bool supports_filter_gradient(const Geometry& g);

// y = x * filter (+ bias), then ReLU where asked.
void forward(const Geometry& g, const float* x, const float* filter, const float* bias, bool relu, float* y);
// The same with bias and ReLU, one image at a time. Calls then(n, y) with each image's output, from several threads;
// the next image overwrites y. `then` must not throw.
void forward_each(const Geometry& g, const float* x, const float* filter, const float* bias,
                  const std::function<void(std::ptrdiff_t, const float*)>& then);
// dx from dy and the filter.
void input_gradient(const Geometry& g, const float* dy, const float* filter, float* dx);
// The filter's gradient from x and dy.
void filter_gradient(const Geometry& g, const float* x, const float* dy, float* dfilter);

}  // namespace direct
