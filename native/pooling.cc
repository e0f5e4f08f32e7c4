// Max and average pooling over NHWC images, and their gradients.
#include <algorithm>
#include <vector>

#include "geometry.h"
#include "exports.h"
#include "pooling.h"
#include "simd/table.h"
#include "threads.h"

namespace kernels {
namespace {

using Index = std::ptrdiff_t;

// The input rows (or columns) that one output position covers, without padding: first, first + dilation, ... < end.
struct Window {
  Index first, end;
  Index count(Index dilation) const { return end > first ? (end - first + dilation - 1) / dilation : 0; }
};

Window window(Index out, Index stride, Index pad, Index kernel, Index dilation, Index size) {
  Index first = out * stride - pad;
  const Index end = std::min(size, first + (kernel - 1) * dilation + 1);
  if (first < 0) first += (-first + dilation - 1) / dilation * dilation;
  return {first, end};
}

// Calls work(image n, output offset, rows, columns) for every output pixel of one image.
template <class Work>
void for_each_output(const Geometry& g, Index n, const Work& work) {
  for (Index oy = 0; oy < g.oh; ++oy) {
    const Window rows = window(oy, g.sh, g.pt, g.kh, g.dh, g.h);
    for (Index ox = 0; ox < g.ow; ++ox)
      work(((n * g.oh + oy) * g.ow + ox) * g.co, rows, window(ox, g.sw, g.pl, g.kw, g.dw, g.w));
  }
}

void avg_pool_image(const Geometry& g, Index n, const float* x, float* y) {
  const float* image = x + n * g.h * g.w * g.ci;
  for_each_output(g, n, [&](Index at, Window rows, Window columns) {
    float* __restrict out = y + at;
    std::fill(out, out + g.ci, 0.f);
    for (Index r = rows.first; r < rows.end; r += g.dh) {
      for (Index p = columns.first; p < columns.end; p += g.dw) {
        const float* __restrict in = image + (r * g.w + p) * g.ci;
        for (Index c = 0; c < g.ci; ++c) out[c] += in[c];
      }
    }
    const float share = static_cast<float>(rows.count(g.dh) * columns.count(g.dw));
    for (Index c = 0; c < g.ci; ++c) out[c] /= share;
  });
}

// tfjs divides the gradient by the size of the whole window, also where part of the window is padding.
void avg_pool_gradient_image(const Geometry& g, Index n, const float* dy, float* dx) {
  float* gradient = dx + n * g.h * g.w * g.ci;
  std::fill(gradient, gradient + g.h * g.w * g.ci, 0.f);
  const float share = 1.f / static_cast<float>(g.kh * g.kw);
  for_each_output(g, n, [&](Index at, Window rows, Window columns) {
    const float* __restrict from = dy + at;
    for (Index r = rows.first; r < rows.end; r += g.dh) {
      for (Index p = columns.first; p < columns.end; p += g.dw) {
        float* __restrict to = gradient + (r * g.w + p) * g.ci;
        for (Index c = 0; c < g.ci; ++c) to[c] += from[c] * share;
      }
    }
  });
}

simd::PoolImage pool_shape(const Geometry& g) {
  return {g.h, g.w, g.ci, g.kh, g.kw, g.sh, g.sw, g.dh, g.dw, g.pt, g.pl, g.oh, g.ow};
}

Geometry pooling(const Napi::CallbackInfo& info) {
  const Geometry g = geometry(info, 0);
  if (g.ci != g.co) check::fail(info, "pooling keeps the number of channels");
  return g;
}

template <class Work>
void for_each_image(const Geometry& g, const Work& work) {
  threads::parallel_for(g.n, 1, [&](Index, threads::Range range) noexcept {
    for (Index n = range.begin; n < range.end; ++n) work(n);
  });
}

// (geometry, x, y)
Napi::Value max_pool(const Napi::CallbackInfo& info) {
  const Geometry g = pooling(info);
  const float* x = check::floats(info, 1, "x", g.input());
  float* y = check::floats(info, 2, "y", g.output());
  const simd::PoolImage shape = pool_shape(g);
  const Index in = g.input() / g.n, out = g.output() / g.n;
  for_each_image(g, [&](Index n) { simd::best().max_pool(shape, x + n * in, y + n * out); });
  return info.Env().Undefined();
}

// (geometry, dy, x, dx)
Napi::Value max_pool_gradient(const Napi::CallbackInfo& info) {
  const Geometry g = pooling(info);
  const float* dy = check::floats(info, 1, "dy", g.output());
  const float* x = check::floats(info, 2, "x", g.input());
  float* dx = check::floats(info, 3, "dx", g.input());
  const simd::PoolImage shape = pool_shape(g);
  const Index in = g.input() / g.n, out = g.output() / g.n;
  for_each_image(g, [&](Index n) { simd::best().max_pool_grad(shape, dy + n * out, x + n * in, dx + n * in); });
  return info.Env().Undefined();
}

// (n, h, w, c, size, dy, where: Uint8Array, dz, dbias): the gradient of max pooling, ReLU and bias, from the
// positions of the maxima: dz [n, h, w, c], and dbias [c], its sum.
Napi::Value unpool(const Napi::CallbackInfo& info) {
  const Index n = check::integer(info, 0, "n"), h = check::integer(info, 1, "h"), w = check::integer(info, 2, "w");
  const Index c = check::integer(info, 3, "c", 1), size = check::integer(info, 4, "size", 1, kMaxPoolSize);
  const simd::PoolImage shape = tiled_pool(h, w, c, size);
  const Index out = check::product(info, {shape.oh, shape.ow, c}), in = check::product(info, {h, w, c});
  const float* dy = check::floats(info, 5, "dy", check::product(info, {n, out}));
  const uint8_t* where = check::bytes(info, 6, "where", n * out);
  float* dz = check::floats(info, 7, "dz", check::product(info, {n, in}));
  float* dbias = check::floats(info, 8, "dbias", c);
  std::vector<double> total(c);
  Index summed = 0;
  // Sums in blocks that may span two images, as bias_relu_grad does, so that dbias has the same bits.
  const auto sum_until = [&](Index row) {
    const Index blocks = (row - summed) / simd::kBlockRows;
    simd::best().sum_blocks(dz + summed * c, blocks, c, total.data());
    summed += blocks * simd::kBlockRows;
  };
  const bool covered = shape.oh * size == h && shape.ow * size == w;
  const auto back = [&](Index i) {
    if (!covered) std::fill(dz + i * in, dz + (i + 1) * in, 0.f);
    simd::best().unpool(shape, dy + i * out, where + i * out, dz + i * in);
  };
  const bool alone = threads::count == 1;
  threads::parallel_for(n, 1, [&](Index, threads::Range range) noexcept {
    for (Index i = range.begin; i < range.end; ++i) {
      back(i);
      if (alone) sum_until((i + 1) * h * w);
    }
  });
  sum_until(n * h * w);
  simd::best().sum_rows(dz + summed * c, n * h * w - summed, c, total.data());
  for (Index k = 0; k < c; ++k) dbias[k] = static_cast<float>(total[k]);
  return info.Env().Undefined();
}

// (geometry, x, y)
Napi::Value avg_pool(const Napi::CallbackInfo& info) {
  const Geometry g = pooling(info);
  const float* x = check::floats(info, 1, "x", g.input());
  float* y = check::floats(info, 2, "y", g.output());
  for_each_image(g, [&](Index n) { avg_pool_image(g, n, x, y); });
  return info.Env().Undefined();
}

// (geometry, dy, dx)
Napi::Value avg_pool_gradient(const Napi::CallbackInfo& info) {
  const Geometry g = pooling(info);
  const float* dy = check::floats(info, 1, "dy", g.output());
  float* dx = check::floats(info, 2, "dx", g.input());
  for_each_image(g, [&](Index n) { avg_pool_gradient_image(g, n, dy, dx); });
  return info.Env().Undefined();
}

}  // namespace

void add_pooling(Napi::Object& exports) {
  add<max_pool>(exports, "maxPool");
  add<max_pool_gradient>(exports, "maxPoolGradient");
  add<unpool>(exports, "unpool");
  add<avg_pool>(exports, "avgPool");
  add<avg_pool_gradient>(exports, "avgPoolGradient");
}

}  // namespace kernels
