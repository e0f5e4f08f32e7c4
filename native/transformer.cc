// The parts of a transformer: layer norm, GELU, attention, embedding (contracts: src/backends/kernels.ts).
#include <cstring>
#include <dnnl.hpp>
#include <string>
#include <vector>

#include "check.h"
#include "exports.h"
#include "scratch.h"
#include "simd/table.h"
#include "threads.h"

namespace kernels {
namespace {

using check::Index;
constexpr Index kMinElements = 1 << 15;  // fewer elements are not worth a thread

thread_local Scratch working_memory;

// (rows, columns, epsilon, x, scale, offset, y, mean, inverse)
Napi::Value layer_norm(const Napi::CallbackInfo& info) {
  const Index rows = check::integer(info, 0, "rows", 1), c = check::integer(info, 1, "columns", 1);
  const Index n = check::product(info, {rows, c});
  const float epsilon = static_cast<float>(check::number(info, 2, "epsilon"));
  const float* x = check::floats(info, 3, "x", n);
  const float* scale = check::floats(info, 4, "scale", c);
  const float* offset = check::floats(info, 5, "offset", c);
  float* y = check::floats(info, 6, "y", n);
  float* mean = check::floats(info, 7, "mean", rows);
  float* inverse = check::floats(info, 8, "inverse", rows);
  threads::parallel_for(rows, kMinElements / c + 1, [&](Index, threads::Range r) noexcept {
    const Index at = r.begin;
    simd::best().layer_norm(r.end - at, c, epsilon, x + at * c, scale, offset, y + at * c, mean + at, inverse + at);
  });
  return info.Env().Undefined();
}

// (rows, columns, dy, x, scale, mean, inverse, dx, dscale, doffset)
Napi::Value layer_norm_gradient(const Napi::CallbackInfo& info) {
  const Index rows = check::integer(info, 0, "rows", 1), c = check::integer(info, 1, "columns", 1);
  const Index n = check::product(info, {rows, c});
  const float* dy = check::floats(info, 2, "dy", n);
  const float* x = check::floats(info, 3, "x", n);
  const float* scale = check::floats(info, 4, "scale", c);
  const float* mean = check::floats(info, 5, "mean", rows);
  const float* inverse = check::floats(info, 6, "inverse", rows);
  float* dx = check::floats(info, 7, "dx", n);
  float* dscale = check::floats(info, 8, "dscale", c);
  float* doffset = check::floats(info, 9, "doffset", c);
  std::vector<double> total(2 * c);
  float* part = working_memory.floats(2 * c);
  simd::best().layer_norm_grad(rows, c, dy, x, scale, mean, inverse, dx, part, total.data());
  for (Index i = 0; i < c; ++i) {
    dscale[i] = static_cast<float>(total[i]);
    doffset[i] = static_cast<float>(total[c + i]);
  }
  return info.Env().Undefined();
}

// (n, x, y)
Napi::Value gelu(const Napi::CallbackInfo& info) {
  const Index n = check::integer(info, 0, "n");
  const float* x = check::floats(info, 1, "x", n);
  float* y = check::floats(info, 2, "y", n);
  threads::parallel_for(n, kMinElements, [&](Index, threads::Range r) noexcept {
    simd::best().gelu(r.end - r.begin, x + r.begin, y + r.begin);
  });
  return info.Env().Undefined();
}

// (n, dy, x, dx)
Napi::Value gelu_gradient(const Napi::CallbackInfo& info) {
  const Index n = check::integer(info, 0, "n");
  const float* dy = check::floats(info, 1, "dy", n);
  const float* x = check::floats(info, 2, "x", n);
  float* dx = check::floats(info, 3, "dx", n);
  threads::parallel_for(n, kMinElements, [&](Index, threads::Range r) noexcept {
    simd::best().gelu_grad(r.end - r.begin, dy + r.begin, x + r.begin, dx + r.begin);
  });
  return info.Env().Undefined();
}

// A matrix in memory: its first element, and how many elements lie between two rows.
struct Rows {
  const float* first;
  Index stride;
};

// c [m, n] = op(a) op(b), rows of c `stride` apart.
void multiply(bool ta, bool tb, Index m, Index n, Index k, Rows a, Rows b, float* c, Index stride) {
  const dnnl::status status =
      dnnl::sgemm(ta ? 'T' : 'N', tb ? 'T' : 'N', m, n, k, 1.f, a.first, a.stride, b.first, b.stride, 0.f, c, stride);
  if (status != dnnl::status::success) throw dnnl::error(static_cast<dnnl_status_t>(status), "sgemm");
}

// The sizes of attention: images, positions, width of all heads, heads; and whether a position sees none behind it.
struct Attention {
  Index b, t, d, heads;
  bool causal;
  Index size() const { return d / heads; }
  float scale() const { return 1 / __builtin_sqrtf(static_cast<float>(size())); }
};

Attention attention_of(const Napi::CallbackInfo& info) {
  const Attention of = {check::integer(info, 0, "batch", 1), check::integer(info, 1, "positions", 1),
                        check::integer(info, 2, "width", 1), check::integer(info, 3, "heads", 1),
                        check::boolean(info, 4, "causal")};
  if (of.d % of.heads != 0) check::fail(info, "the heads must divide the width");
  return of;
}

// (batch, positions, width, heads, causal, qkv, y, weights)
Napi::Value attention(const Napi::CallbackInfo& info) {
  const Attention of = attention_of(info);
  const Index t = of.t, d = of.d, size = of.size();
  const float* qkv = check::floats(info, 5, "qkv", check::product(info, {of.b, t, 3, d}));
  float* y = check::floats(info, 6, "y", of.b * t * d);
  float* weights = check::floats(info, 7, "weights", check::product(info, {of.b, of.heads, t, t}));
  for (Index i = 0; i < of.b; ++i) {
    for (Index h = 0; h < of.heads; ++h, weights += t * t) {
      const float* q = qkv + i * t * 3 * d + h * size;
      const Rows queries = {q, 3 * d}, keys = {q + d, 3 * d}, values = {q + 2 * d, 3 * d};
      multiply(false, true, t, t, size, queries, keys, weights, t);
      simd::best().softmax(t, t, of.scale(), of.causal ? 1 : 0, weights);
      multiply(false, false, t, size, t, {weights, t}, values, y + i * t * d + h * size, d);
    }
  }
  return info.Env().Undefined();
}

// (batch, positions, width, heads, causal, dy, qkv, weights, dqkv)
Napi::Value attention_gradient(const Napi::CallbackInfo& info) {
  const Attention of = attention_of(info);
  const Index t = of.t, d = of.d, size = of.size();
  const Index n = check::product(info, {of.b, t, 3, d});
  const float* dy = check::floats(info, 5, "dy", of.b * t * d);
  const float* qkv = check::floats(info, 6, "qkv", n);
  const float* weights = check::floats(info, 7, "weights", check::product(info, {of.b, of.heads, t, t}));
  float* dqkv = check::floats(info, 8, "dqkv", n);
  float* scores = working_memory.floats(t * t);
  for (Index i = 0; i < of.b; ++i) {
    for (Index h = 0; h < of.heads; ++h, weights += t * t) {
      const Index at = i * t * 3 * d + h * size;
      const Rows queries = {qkv + at, 3 * d}, keys = {qkv + at + d, 3 * d}, values = {qkv + at + 2 * d, 3 * d};
      const Rows out = {dy + i * t * d + h * size, d};
      float* dq = dqkv + at;
      multiply(true, false, t, size, t, {weights, t}, out, dq + 2 * d, 3 * d);
      multiply(false, true, t, t, size, out, values, scores, t);
      simd::best().softmax_grad(t, t, of.scale(), weights, scores);
      multiply(false, false, t, size, t, {scores, t}, keys, dq, 3 * d);
      multiply(true, false, t, size, t, {scores, t}, queries, dq + d, 3 * d);
    }
  }
  return info.Env().Undefined();
}

// The row of a table that a token names.
Index row_of(const Napi::CallbackInfo& info, float token, Index rows) {
  if (!(token >= 0 && token < static_cast<float>(rows)))
    throw Napi::RangeError::New(info.Env(), "token " + std::to_string(token) + " is not one of the " +
                                                std::to_string(rows) + " of the vocabulary");
  return static_cast<Index>(token);
}

// (n, rows, width, tokens, table, y)
Napi::Value embedding(const Napi::CallbackInfo& info) {
  const Index n = check::integer(info, 0, "n"), rows = check::integer(info, 1, "rows", 1);
  const Index d = check::integer(info, 2, "width", 1);
  const float* tokens = check::floats(info, 3, "tokens", n);
  const float* table = check::floats(info, 4, "table", check::product(info, {rows, d}));
  float* y = check::floats(info, 5, "y", check::product(info, {n, d}));
  for (Index i = 0; i < n; ++i) std::memcpy(y + i * d, table + row_of(info, tokens[i], rows) * d, d * sizeof(float));
  return info.Env().Undefined();
}

// (n, rows, width, tokens, dy, dtable)
Napi::Value embedding_gradient(const Napi::CallbackInfo& info) {
  const Index n = check::integer(info, 0, "n"), rows = check::integer(info, 1, "rows", 1);
  const Index d = check::integer(info, 2, "width", 1), size = check::product(info, {rows, d});
  const float* tokens = check::floats(info, 3, "tokens", n);
  const float* dy = check::floats(info, 4, "dy", check::product(info, {n, d}));
  float* dtable = check::floats(info, 5, "dtable", size);
  std::memset(dtable, 0, size * sizeof(float));
  for (Index i = 0; i < n; ++i) {
    float* row = dtable + row_of(info, tokens[i], rows) * d;
    for (Index k = 0; k < d; ++k) row[k] += dy[i * d + k];
  }
  return info.Env().Undefined();
}

}  // namespace

void add_transformer(Napi::Object& exports) {
  add<layer_norm>(exports, "layerNorm");
  add<layer_norm_gradient>(exports, "layerNormGradient");
  add<gelu>(exports, "gelu");
  add<gelu_gradient>(exports, "geluGradient");
  add<attention>(exports, "attention");
  add<attention_gradient>(exports, "attentionGradient");
  add<embedding>(exports, "embedding");
  add<embedding_gradient>(exports, "embeddingGradient");
}

}  // namespace kernels
