// Sums over neighbouring axes, and the gradient of a bias and a ReLU, which is such a sum.
#include <vector>

#include "check.h"
#include "exports.h"
#include "simd/table.h"

namespace kernels {
namespace {

using check::Index;

// (outer, middle, inner, scale, x, out): out [outer, inner] = scale * the sum of x [outer, middle, inner] over middle.
Napi::Value sum(const Napi::CallbackInfo& info) {
  const Index outer = check::integer(info, 0, "outer"), middle = check::integer(info, 1, "middle");
  const Index inner = check::integer(info, 2, "inner");
  const double scale = check::number(info, 3, "scale");
  const float* x = check::floats(info, 4, "x", check::product(info, {outer, middle, inner}));
  float* out = check::floats(info, 5, "out", check::product(info, {outer, inner}));
  if (inner == 1) {
    simd::best().sum_columns(x, outer, middle, out);
    for (Index i = 0; i < outer; ++i) out[i] = static_cast<float>(out[i] * scale);
    return info.Env().Undefined();
  }
  std::vector<double> total(inner);
  for (Index o = 0; o < outer; ++o) {
    total.assign(inner, 0);
    simd::best().sum_rows(x + o * middle * inner, middle, inner, total.data());
    for (Index i = 0; i < inner; ++i) out[o * inner + i] = static_cast<float>(total[i] * scale);
  }
  return info.Env().Undefined();
}

// (rows, columns, relu, dy, y, dz, dbias): dz = dy where y > 0, dbias [columns] its sum over the rows. Without relu
// dz is dy, and the argument dz is left alone.
Napi::Value bias_relu_gradient(const Napi::CallbackInfo& info) {
  const Index rows = check::integer(info, 0, "rows"), columns = check::integer(info, 1, "columns");
  const Index n = check::product(info, {rows, columns});
  const bool relu = check::boolean(info, 2, "relu");
  const float* dy = check::floats(info, 3, "dy", n);
  const float* y = check::floats(info, 4, "y", n);
  float* dz = check::floats(info, 5, "dz", n);
  float* dbias = check::floats(info, 6, "dbias", columns);
  std::vector<double> total(columns);
  if (relu)
    simd::best().bias_relu_grad(dy, y, rows, columns, dz, total.data());
  else
    simd::best().sum_rows(dy, rows, columns, total.data());
  for (Index i = 0; i < columns; ++i) dbias[i] = static_cast<float>(total[i]);
  return info.Env().Undefined();
}

}  // namespace

void add_reduction(Napi::Object& exports) {
  add<sum>(exports, "sum");
  add<bias_relu_gradient>(exports, "biasReluGradient");
}

}  // namespace kernels
