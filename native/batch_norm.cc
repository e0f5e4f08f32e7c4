// Batch normalisation for training (forward and backward, with a residual and ReLU fused) and for inference.
#include <cmath>
#include <cstring>
#include <vector>

#include "check.h"
#include "exports.h"
#include "simd/table.h"
#include "threads.h"

namespace kernels {
namespace {

using check::Index;
using simd::BatchNormShape;
constexpr Index kMinRows = 1024;  // fewer rows are not worth a thread

// Sums two values for each channel over the rows. Each thread has its own two rows of doubles, which are added in the
// order of the threads.
template <class Work>
void sums(BatchNormShape shape, std::vector<double>& first, std::vector<double>& second, const Work& work) {
  const Index channels = shape.channels, parts = threads::count;
  std::vector<double> one(parts * channels), two(parts * channels);
  threads::parallel_for(shape.rows, kMinRows, [&](Index thread, threads::Range r) noexcept {
    work(r, one.data() + thread * channels, two.data() + thread * channels);
  });
  first.assign(channels, 0);
  second.assign(channels, 0);
  for (Index p = 0; p < parts; ++p) {
    for (Index c = 0; c < channels; ++c) {
      first[c] += one[p * channels + c];
      second[c] += two[p * channels + c];
    }
  }
}

// Mean and biased variance of each channel, in one pass. The sums are taken about the first row, which is close enough
// to the mean to avoid cancellation.
void mean_variance(const float* x, BatchNormShape shape, float* mean, float* variance) {
  std::vector<double> sum, squares;
  sums(shape, sum, squares, [&](threads::Range r, double* s, double* q) {
    simd::best().moments(x + r.begin * shape.channels, {r.end - r.begin, shape.channels}, x, s, q);
  });
  for (Index c = 0; c < shape.channels; ++c) {
    const double from_shift = sum[c] / shape.rows;
    const double spread = squares[c] / shape.rows - from_shift * from_shift;
    mean[c] = static_cast<float>(x[c] + from_shift);
    variance[c] = static_cast<float>(spread > 0 || spread != spread ? spread : 0);
  }
}

void apply(const float* x, BatchNormShape shape, const std::vector<float>& a, const std::vector<float>& b,
           const float* residual, bool relu, float* y) {
  threads::parallel_for(shape.rows, kMinRows, [&](Index, threads::Range r) noexcept {
    const Index at = r.begin * shape.channels;
    simd::best().normalize(x + at, {r.end - r.begin, shape.channels}, a.data(), b.data(),
                           residual == nullptr ? nullptr : residual + at, relu, y + at);
  });
}

// a and b of y = x*a + b.
void affine(Index channels, const float* mean, const float* variance, const float* scale, const float* offset,
            double epsilon, std::vector<float>& a, std::vector<float>& b) {
  a.resize(channels);
  b.resize(channels);
  for (Index c = 0; c < channels; ++c) {
    const double factor = (scale == nullptr ? 1.0 : scale[c]) / std::sqrt(variance[c] + epsilon);
    a[c] = static_cast<float>(factor);
    b[c] = static_cast<float>((offset == nullptr ? 0.0 : offset[c]) - mean[c] * factor);
  }
}

// (rows, channels, epsilon, relu, x, scale, offset, residual | null, y, mean, variance)
Napi::Value batch_norm_train(const Napi::CallbackInfo& info) {
  const BatchNormShape shape = {check::integer(info, 0, "rows", 1), check::integer(info, 1, "channels", 1)};
  const Index n = check::product(info, {shape.rows, shape.channels}), channels = shape.channels;
  const double epsilon = check::number(info, 2, "epsilon");
  const bool relu = check::boolean(info, 3, "relu");
  const float* x = check::floats(info, 4, "x", n);
  const float* scale = check::floats(info, 5, "scale", channels);
  const float* offset = check::floats(info, 6, "offset", channels);
  const float* residual = check::floats_or_null(info, 7, "residual", n);
  float* y = check::floats(info, 8, "y", n);
  float* mean = check::floats(info, 9, "mean", channels);
  float* variance = check::floats(info, 10, "variance", channels);
  mean_variance(x, shape, mean, variance);
  std::vector<float> a, b;
  affine(channels, mean, variance, scale, offset, epsilon, a, b);
  apply(x, shape, a, b, residual, relu, y);
  return info.Env().Undefined();
}

// (rows, channels, epsilon, x, mean, variance, scale | null, offset | null, y)
Napi::Value batch_norm_inference(const Napi::CallbackInfo& info) {
  const BatchNormShape shape = {check::integer(info, 0, "rows"), check::integer(info, 1, "channels", 1)};
  const Index n = check::product(info, {shape.rows, shape.channels}), channels = shape.channels;
  const double epsilon = check::number(info, 2, "epsilon");
  const float* x = check::floats(info, 3, "x", n);
  const float* mean = check::floats(info, 4, "mean", channels);
  const float* variance = check::floats(info, 5, "variance", channels);
  const float* scale = check::floats_or_null(info, 6, "scale", channels);
  const float* offset = check::floats_or_null(info, 7, "offset", channels);
  float* y = check::floats(info, 8, "y", n);
  std::vector<float> a, b;
  affine(channels, mean, variance, scale, offset, epsilon, a, b);
  apply(x, shape, a, b, nullptr, false, y);
  return info.Env().Undefined();
}

// (rows, channels, epsilon, dy, x, y | null, scale, mean, variance, dx, dscale, doffset, dresidual | null). If y is
// given, the forward pass ended in a ReLU and y is its output. With s = 1/sqrt(variance + epsilon), xhat = (x - mean)*s
// and dz the gradient before the ReLU:
//   doffset = sum dz; dscale = sum dz*xhat; dx = scale*s*(dz - doffset/rows - xhat*dscale/rows)
// (Ioffe and Szegedy 2015, section 3), here as dx = a*dz + b*x + d.
Napi::Value batch_norm_train_gradient(const Napi::CallbackInfo& info) {
  const BatchNormShape shape = {check::integer(info, 0, "rows", 1), check::integer(info, 1, "channels", 1)};
  const Index n = check::product(info, {shape.rows, shape.channels}), channels = shape.channels;
  const double epsilon = check::number(info, 2, "epsilon");
  const float* dy = check::floats(info, 3, "dy", n);
  const float* x = check::floats(info, 4, "x", n);
  const float* y = check::floats_or_null(info, 5, "y", n);
  const float* scale = check::floats(info, 6, "scale", channels);
  const float* mean = check::floats(info, 7, "mean", channels);
  const float* variance = check::floats(info, 8, "variance", channels);
  float* dx = check::floats(info, 9, "dx", n);
  float* dscale = check::floats(info, 10, "dscale", channels);
  float* doffset = check::floats(info, 11, "doffset", channels);
  float* dresidual = check::floats_or_null(info, 12, "dresidual", n);
  std::vector<double> sum_dy, sum_dyx;
  sums(shape, sum_dy, sum_dyx, [&](threads::Range r, double* s, double* q) {
    const Index at = r.begin * channels;
    simd::best().batch_norm_sums(dy + at, x + at, y == nullptr ? nullptr : y + at, {r.end - r.begin, channels}, mean, s,
                                 q);
  });
  std::vector<float> a(channels), b(channels), d(channels);
  for (Index c = 0; c < channels; ++c) {
    const double s = 1 / std::sqrt(variance[c] + epsilon), gain = scale[c] * s;
    const double slope = -gain * s * s * sum_dyx[c] / shape.rows;
    dscale[c] = static_cast<float>(sum_dyx[c] * s);
    doffset[c] = static_cast<float>(sum_dy[c]);
    a[c] = static_cast<float>(gain);
    b[c] = static_cast<float>(slope);
    d[c] = static_cast<float>(-gain * sum_dy[c] / shape.rows - slope * mean[c]);
  }
  threads::parallel_for(shape.rows, kMinRows, [&](Index, threads::Range r) noexcept {
    const Index at = r.begin * channels;
    simd::best().batch_norm_dx(dy + at, x + at, y == nullptr ? nullptr : y + at, {r.end - r.begin, channels}, a.data(),
                               b.data(), d.data(), dx + at, dresidual == nullptr ? nullptr : dresidual + at);
  });
  return info.Env().Undefined();
}

}  // namespace

void add_batch_norm(Napi::Object& exports) {
  add<batch_norm_train>(exports, "batchNormTrain");
  add<batch_norm_train_gradient>(exports, "batchNormTrainGradient");
  add<batch_norm_inference>(exports, "batchNormInference");
}

}  // namespace kernels
