// Convolution and its two gradients for JavaScript. This package's own kernels take the shapes whose channels fill
// vectors, oneDNN takes all others.
#include <cstring>
#include <vector>

#include "direct_convolution.h"
#include "exports.h"
#include "pooling.h"
#include "primitive_cache.h"
#include "scratch.h"
#include "winograd_convolution.h"

namespace kernels {
namespace {

using compat::Desc;
using compat::Dims;
using dnnl::memory;
using Tag = dnnl::memory::format_tag;
constexpr auto kFloat = dnnl::memory::data_type::f32;

enum Kind { kForward, kInputGradient, kFilterGradient };

// A primitive and its memories, whose data pointers are set at each call. The primitive chooses the filter's layout;
// `reorder` copies the filter into that layout, or its gradient out of it.
struct Convolution {
  dnnl::primitive primitive, reorder;
  memory x, filter, y, bias, filter_inside;
  bool reorders = false;
};

Desc any(const Dims& dims) { return Desc(dims, kFloat, Tag::any); }
Desc dense(const Dims& dims, Tag tag) { return Desc(dims, kFloat, tag); }
memory without_data(const Desc& desc) { return memory(desc, onednn::engine(), nullptr); }

compat::ConvolutionDescs describe(const Geometry& g, bool bias) {
  const Dims x = {g.n, g.ci, g.h, g.w}, filter = {g.co, g.ci, g.kh, g.kw}, y = {g.n, g.co, g.oh, g.ow};
  // The padding after the image follows from the output's size, whichever way JavaScript rounded that.
  const Dims after = {g.covered_h() - g.h - g.pt, g.covered_w() - g.w - g.pl};
  return {dense(x, Tag::nhwc), any(filter),  bias ? dense({g.co}, Tag::x) : Desc(),
          dense(y, Tag::nhwc), {g.sh, g.sw}, {g.dh - 1, g.dw - 1},
          {g.pt, g.pl},        after};
}

template <class Inside>
void set_layouts(Convolution& c, const Geometry& g, const Inside& inside, bool out) {
  const Desc outside = dense({g.co, g.ci, g.kh, g.kw}, Tag::hwio);
  c.filter = without_data(outside);
  c.x = without_data(dense({g.n, g.ci, g.h, g.w}, Tag::nhwc));
  c.y = without_data(dense({g.n, g.co, g.oh, g.ow}, Tag::nhwc));
  c.reorders = inside != outside;
  if (!c.reorders) return;
  c.filter_inside = memory(inside, onednn::engine());
  c.reorder = out ? dnnl::reorder(c.filter_inside, c.filter) : dnnl::reorder(c.filter, c.filter_inside);
}

Convolution make(const Geometry& g, Kind kind, bool bias, bool relu) {
  Convolution c;
  dnnl::primitive_attr attr;
  if (relu) {
    dnnl::post_ops ops;
    compat::append_relu(ops);
    attr.set_post_ops(ops);
  }
  const auto descs = describe(g, bias);
  const auto forward = compat::forward(onednn::engine(), descs, attr);
  if (kind == kForward) {
    c.primitive = dnnl::convolution_forward(forward);
    set_layouts(c, g, forward.weights_desc(), false);
    if (bias) c.bias = without_data(dense({g.co}, Tag::x));
  } else if (kind == kInputGradient) {
    const auto backward = compat::backward_data(onednn::engine(), descs, forward);
    c.primitive = dnnl::convolution_backward_data(backward);
    set_layouts(c, g, backward.weights_desc(), false);
  } else {
    const auto backward = compat::backward_weights(onednn::engine(), descs, forward);
    c.primitive = dnnl::convolution_backward_weights(backward);
    set_layouts(c, g, backward.diff_weights_desc(), true);
  }
  return c;
}

Convolution& cached(const Geometry& g, Kind kind, bool bias = false, bool relu = false) {
  static thread_local onednn::Cache<Convolution, 17> cache;
  return cache.get({g.n, g.h, g.w, g.ci, g.kh, g.kw, g.co, g.sh, g.sw, g.dh, g.dw, g.pt, g.pl, g.oh, g.ow, kind,
                    (bias ? 1 : 0) | (relu ? 2 : 0)},
                   [&] { return make(g, kind, bias, relu); });
}

void run(Convolution& c, const std::unordered_map<int, memory>& arguments) {
  c.primitive.execute(onednn::stream(), arguments);
}

// oneDNN's memories hold pointers that are not const. Inputs are never written to.
void* writable(const float* p) { return const_cast<float*>(p); }

void onednn_forward(const Geometry& g, const float* x, const float* filter, const float* bias, bool relu, float* y) {
  Convolution& c = cached(g, kForward, bias != nullptr, relu);
  c.x.set_data_handle(writable(x));
  c.filter.set_data_handle(writable(filter));
  c.y.set_data_handle(y);
  if (c.reorders) c.reorder.execute(onednn::stream(), {{DNNL_ARG_FROM, c.filter}, {DNNL_ARG_TO, c.filter_inside}});
  std::unordered_map<int, memory> arguments = {
      {DNNL_ARG_SRC, c.x}, {DNNL_ARG_WEIGHTS, c.reorders ? c.filter_inside : c.filter}, {DNNL_ARG_DST, c.y}};
  if (bias != nullptr) {
    c.bias.set_data_handle(writable(bias));
    arguments.insert({DNNL_ARG_BIAS, c.bias});
  }
  run(c, arguments);
  onednn::stream().wait();
}

void onednn_input_gradient(const Geometry& g, const float* dy, const float* filter, float* dx) {
  Convolution& c = cached(g, kInputGradient);
  c.x.set_data_handle(dx);
  c.filter.set_data_handle(writable(filter));
  c.y.set_data_handle(writable(dy));
  if (c.reorders) c.reorder.execute(onednn::stream(), {{DNNL_ARG_FROM, c.filter}, {DNNL_ARG_TO, c.filter_inside}});
  run(c, {{DNNL_ARG_DIFF_DST, c.y},
          {DNNL_ARG_WEIGHTS, c.reorders ? c.filter_inside : c.filter},
          {DNNL_ARG_DIFF_SRC, c.x}});
  onednn::stream().wait();
}

void onednn_filter_gradient(const Geometry& g, const float* x, const float* dy, float* dfilter) {
  Convolution& c = cached(g, kFilterGradient);
  c.x.set_data_handle(writable(x));
  c.filter.set_data_handle(dfilter);
  c.y.set_data_handle(writable(dy));
  run(c, {{DNNL_ARG_SRC, c.x},
          {DNNL_ARG_DIFF_DST, c.y},
          {DNNL_ARG_DIFF_WEIGHTS, c.reorders ? c.filter_inside : c.filter}});
  if (c.reorders) c.reorder.execute(onednn::stream(), {{DNNL_ARG_FROM, c.filter_inside}, {DNNL_ARG_TO, c.filter}});
  onednn::stream().wait();
}

// Whether this is a 1x1 convolution with a stride and without padding: it reads single pixels and skips some.
bool skips_pixels(const Geometry& g) {
  return g.kh == 1 && g.kw == 1 && (g.sh > 1 || g.sw > 1) && g.pt == 0 && g.pl == 0 && g.covered_h() <= g.h &&
         g.covered_w() <= g.w;
}

// oneDNN copies the pixels of such a convolution together. Where there are fewer channels than floats in a vector, its
// filter gradient (at least up to 3.12) reads beyond the end of that copy and adds up what is there:
// https://github.com/uxlfoundation/oneDNN/issues/6035. So we copy the pixels
// together and give oneDNN a convolution without a stride.
void gathered_filter_gradient(const Geometry& g, const float* x, const float* dy, float* dfilter) {
  static thread_local Scratch scratch;
  const Geometry dense = {g.n, g.oh, g.ow, g.ci, 1, 1, g.co, 1, 1, 1, 1, 0, 0, g.oh, g.ow};
  float* pixels = scratch.floats(dense.input());
  float* to = pixels;
  for (Geometry::Index n = 0; n < g.n; ++n)
    for (Geometry::Index r = 0; r < g.oh; ++r)
      for (Geometry::Index p = 0; p < g.ow; ++p, to += g.ci)
        std::memcpy(to, x + ((n * g.h + r * g.sh) * g.w + p * g.sw) * g.ci, sizeof(float) * g.ci);
  onednn_filter_gradient(dense, pixels, dy, dfilter);
}

// (geometry, x, filter, bias | null, relu, y)
Napi::Value conv2d(const Napi::CallbackInfo& info) {
  const Geometry g = geometry(info, 0);
  const float* x = check::floats(info, 1, "x", g.input());
  const float* filter = check::floats(info, 2, "filter", g.filter());
  const float* bias = check::floats_or_null(info, 3, "bias", g.co);
  const bool relu = check::boolean(info, 4, "relu");
  float* y = check::floats(info, 5, "y", g.output());
  const auto run = winograd::supports(g)         ? winograd::forward
                   : direct::supports_forward(g) ? direct::forward
                                                 : onednn_forward;
  run(g, x, filter, bias, relu, y);
  return info.Env().Undefined();
}

// (geometry, size, x, filter, bias, y, where: Uint8Array): convolution, bias, ReLU and max pooling over windows of
// size x size that do not overlap. y is [n, oh / size, ow / size, co]; `where` is the position of each of its values in
// its window.
Napi::Value conv2d_relu_max_pool(const Napi::CallbackInfo& info) {
  const Geometry g = geometry(info, 0);
  const Geometry::Index size = check::integer(info, 1, "size", 1, kMaxPoolSize);
  const simd::PoolImage pool = tiled_pool(g.oh, g.ow, g.co, size);
  const Geometry::Index in = g.oh * g.ow * g.co, out = pool.oh * pool.ow * g.co;
  const float* x = check::floats(info, 2, "x", g.input());
  const float* filter = check::floats(info, 3, "filter", g.filter());
  const float* bias = check::floats(info, 4, "bias", g.co);
  float* y = check::floats(info, 5, "y", g.n * out);
  uint8_t* where = check::bytes(info, 6, "where", g.n * out);
  const auto then = [&](Geometry::Index n, const float* image) {
    simd::best().max_pool_with_positions(pool, image, y + n * out, where + n * out);
  };
  if (!winograd::supports(g) && direct::supports_forward(g)) {
    direct::forward_each(g, x, filter, bias, then);
    return info.Env().Undefined();
  }
  static thread_local Scratch scratch;
  float* whole = scratch.floats(g.output());
  (winograd::supports(g) ? winograd::forward : onednn_forward)(g, x, filter, bias, true, whole);
  for (Geometry::Index n = 0; n < g.n; ++n) then(n, whole + n * in);
  return info.Env().Undefined();
}

// (geometry, dy, filter, dx)
Napi::Value conv2d_input_gradient(const Napi::CallbackInfo& info) {
  const Geometry g = geometry(info, 0);
  const float* dy = check::floats(info, 1, "dy", g.output());
  const float* filter = check::floats(info, 2, "filter", g.filter());
  float* dx = check::floats(info, 3, "dx", g.input());
  const auto run = winograd::supports(g)                ? winograd::input_gradient
                   : direct::supports_input_gradient(g) ? direct::input_gradient
                                                        : onednn_input_gradient;
  run(g, dy, filter, dx);
  return info.Env().Undefined();
}

// (geometry, x, dy, dfilter)
Napi::Value conv2d_filter_gradient(const Napi::CallbackInfo& info) {
  const Geometry g = geometry(info, 0);
  const float* x = check::floats(info, 1, "x", g.input());
  const float* dy = check::floats(info, 2, "dy", g.output());
  float* dfilter = check::floats(info, 3, "dfilter", g.filter());
  const auto run = winograd::supports(g)                 ? winograd::filter_gradient
                   : direct::supports_filter_gradient(g) ? direct::filter_gradient
                   : skips_pixels(g)                     ? gathered_filter_gradient
                                                         : onednn_filter_gradient;
  run(g, x, dy, dfilter);
  return info.Env().Undefined();
}

}  // namespace

void add_convolution(Napi::Object& exports) {
  add<conv2d>(exports, "conv2d");
  add<conv2d_relu_max_pool>(exports, "conv2dReluMaxPool");
  add<conv2d_input_gradient>(exports, "conv2dInputGradient");
  add<conv2d_filter_gradient>(exports, "conv2dFilterGradient");
}

}  // namespace kernels
