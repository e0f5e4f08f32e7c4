// Matrix products in all transpositions, with bias and ReLU, by oneDNN's sgemm.
#include "check.h"
#include "exports.h"
#include "onednn_compat.h"

namespace kernels {
namespace {

using check::Index;

void add_bias(Index rows, Index columns, const float* bias, bool relu, float* c) {
  for (Index r = 0; r < rows; ++r, c += columns) {
    for (Index i = 0; i < columns; ++i) {
      const float value = bias == nullptr ? c[i] : c[i] + bias[i];
      c[i] = relu && value <= 0 ? 0 : value;
    }
  }
}

// (batchA, batchB, m, k, n, transposeA, transposeB, a, b, bias | null, relu, c): c[i] = op(a[i]) op(b[i]), [m, n],
// for the larger of the two batches; a batch of one serves every product. bias is [n].
Napi::Value matmul(const Napi::CallbackInfo& info) {
  const Index batch_a = check::integer(info, 0, "batchA"), batch_b = check::integer(info, 1, "batchB");
  const Index m = check::integer(info, 2, "m"), k = check::integer(info, 3, "k"), n = check::integer(info, 4, "n");
  const bool ta = check::boolean(info, 5, "transposeA"), tb = check::boolean(info, 6, "transposeB");
  if (batch_a != batch_b && batch_a != 1 && batch_b != 1)
    check::fail(info, "the batches of a matrix product must be equal, or one of them 1");
  const Index batch = batch_a == 0 || batch_b == 0 ? 0 : (batch_a > batch_b ? batch_a : batch_b);
  const float* a = check::floats(info, 7, "a", check::product(info, {batch_a, m, k}));
  const float* b = check::floats(info, 8, "b", check::product(info, {batch_b, k, n}));
  const float* bias = check::floats_or_null(info, 9, "bias", n);
  const bool relu = check::boolean(info, 10, "relu");
  float* c = check::floats(info, 11, "c", check::product(info, {batch, m, n}));
  if (m == 0 || n == 0) return info.Env().Undefined();
  for (Index i = 0; i < batch; ++i) {
    const float* ai = a + (batch_a == 1 ? 0 : i * m * k);
    const float* bi = b + (batch_b == 1 ? 0 : i * k * n);
    float* ci = c + i * m * n;
    if (k == 0) {
      for (Index j = 0; j < m * n; ++j) ci[j] = 0;
      continue;
    }
    const dnnl::status status =
        dnnl::sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1.f, ai, ta ? m : k, bi, tb ? k : n, 0.f, ci, n);
    if (status != dnnl::status::success) throw dnnl::error(static_cast<dnnl_status_t>(status), "sgemm");
  }
  if (bias != nullptr || relu) add_bias(batch * m, n, bias, relu, c);
  return info.Env().Undefined();
}

}  // namespace

void add_matmul(Napi::Object& exports) { add<matmul>(exports, "matmul"); }

}  // namespace kernels
