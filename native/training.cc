// Softmax cross-entropy with its gradient, and the fused optimizer updates (contracts: src/backends/kernels.ts).
#include <cmath>
#include <string>

#include "check.h"
#include "exports.h"
#include "simd/table.h"
#include "threads.h"

namespace kernels {
namespace {

using check::Index;
constexpr Index kMinElements = 1 << 15;

// The loss of one row; writes (softmax(logits) - onehot(label)) * factor.
double row_loss(const float* logits, Index classes, Index label, float factor, float* dlogits) {
  float maximum = logits[0];
  for (Index i = 1; i < classes; ++i) maximum = logits[i] > maximum ? logits[i] : maximum;
  double sum = 0;
  for (Index i = 0; i < classes; ++i) {
    dlogits[i] = std::exp(logits[i] - maximum);
    sum += dlogits[i];
  }
  const float scale = static_cast<float>(factor / sum);
  for (Index i = 0; i < classes; ++i) dlogits[i] *= scale;
  dlogits[label] -= factor;
  return std::log(sum) + maximum - logits[label];
}

// (rows, classes, logits, labels: Int32Array, loss: Float32Array(1), dlogits)
Napi::Value softmax_cross_entropy(const Napi::CallbackInfo& info) {
  const Index rows = check::integer(info, 0, "rows", 1), classes = check::integer(info, 1, "classes", 1);
  const Index n = check::product(info, {rows, classes});
  const float* logits = check::floats(info, 2, "logits", n);
  const int32_t* labels = check::ints(info, 3, "labels", rows);
  float* loss = check::floats(info, 4, "loss", 1);
  float* dlogits = check::floats(info, 5, "dlogits", n);
  for (Index r = 0; r < rows; ++r)
    if (labels[r] < 0 || labels[r] >= classes)
      throw Napi::RangeError::New(info.Env(), "label " + std::to_string(labels[r]) + " of row " + std::to_string(r) +
                                                  " is not one of the " + std::to_string(classes) + " classes");
  double total = 0;
  for (Index r = 0; r < rows; ++r)
    total += row_loss(logits + r * classes, classes, labels[r], 1.f / static_cast<float>(rows), dlogits + r * classes);
  *loss = static_cast<float>(total / static_cast<double>(rows));
  return info.Env().Undefined();
}

float factor(const Napi::CallbackInfo& info, size_t i, const char* name) {
  return static_cast<float>(check::number(info, i, name));
}

simd::Rate rate(const Napi::CallbackInfo& info, size_t i, const char* name) {
  const double beta = check::number(info, i, name);
  return {static_cast<float>(beta), static_cast<float>(1 - beta)};
}

// (n, beta1, beta2, bias1, bias2, stepSize, epsilon, l2, decay, theta, gradient, m, v, mask | null, theta', m', v')
Napi::Value adam_step(const Napi::CallbackInfo& info) {
  const Index n = check::integer(info, 0, "n");
  const simd::AdamFactors f = {rate(info, 1, "beta1"),
                               rate(info, 2, "beta2"),
                               static_cast<float>(1 / check::number(info, 3, "bias1")),
                               static_cast<float>(1 / check::number(info, 4, "bias2")),
                               factor(info, 5, "stepSize"),
                               factor(info, 6, "epsilon"),
                               factor(info, 7, "l2"),
                               factor(info, 8, "decay")};
  const float* theta = check::floats(info, 9, "theta", n);
  const float* gradient = check::floats(info, 10, "gradient", n);
  const float* m = check::floats(info, 11, "m", n);
  const float* v = check::floats(info, 12, "v", n);
  const float* mask = check::floats_or_null(info, 13, "mask", n);
  float* theta_out = check::floats(info, 14, "theta'", n);
  float* m_out = check::floats(info, 15, "m'", n);
  float* v_out = check::floats(info, 16, "v'", n);
  threads::parallel_for(n, kMinElements, [&](Index, threads::Range r) noexcept {
    const Index at = r.begin;
    simd::best().adam(r.end - at, theta + at, gradient + at, m + at, v + at, mask == nullptr ? nullptr : mask + at, f,
                      theta_out + at, m_out + at, v_out + at);
  });
  return info.Env().Undefined();
}

// (n, momentum, gradientScale, momentumScale, l2, decay, theta, gradient, m, mask | null, theta', m')
Napi::Value sgd_step(const Napi::CallbackInfo& info) {
  const Index n = check::integer(info, 0, "n");
  const simd::SgdFactors f = {factor(info, 1, "momentum"), factor(info, 2, "gradientScale"),
                              factor(info, 3, "momentumScale"), factor(info, 4, "l2"), factor(info, 5, "decay")};
  const float* theta = check::floats(info, 6, "theta", n);
  const float* gradient = check::floats(info, 7, "gradient", n);
  const float* m = check::floats(info, 8, "m", n);
  const float* mask = check::floats_or_null(info, 9, "mask", n);
  float* theta_out = check::floats(info, 10, "theta'", n);
  float* m_out = check::floats(info, 11, "m'", n);
  threads::parallel_for(n, kMinElements, [&](Index, threads::Range r) noexcept {
    const Index at = r.begin;
    simd::best().sgd(r.end - at, theta + at, gradient + at, m + at, mask == nullptr ? nullptr : mask + at, f,
                     theta_out + at, m_out + at);
  });
  return info.Env().Undefined();
}

}  // namespace

void add_training(Napi::Object& exports) {
  add<softmax_cross_entropy>(exports, "softmaxCrossEntropy");
  add<adam_step>(exports, "adamStep");
  add<sgd_step>(exports, "sgdStep");
}

}  // namespace kernels
