// Direct convolution. Prepares what the kernels need (padded images, and for the input gradient rotated filters) and
// goes through the batch one image at a time, so that the padded copy stays in the second-level cache.
#include "direct_convolution.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "padded_images.h"
#include "panels.h"
#include "scratch.h"
#include "simd/table.h"
#include "threads.h"

namespace direct {
namespace {

using Index = std::ptrdiff_t;
using images::for_each_image;
using images::input_padding;
using images::Padding;
using simd::ConvolutionImage;

thread_local Scratch filter_scratch;

std::vector<Index> filter_rows(const Geometry& g, const Padding& p) {
  std::vector<Index> taps(g.kh);
  for (Index k = 0; k < g.kh; ++k) taps[k] = k * g.dh * p.width * p.c;
  return taps;
}

ConvolutionImage forward_image(const Geometry& g, const Padding& p, const std::vector<Index>& taps) {
  return {nullptr,
          g.sh * p.width * p.c,
          g.sw * p.c,
          taps.data(),
          g.kh,
          g.kw * g.ci,
          g.co,
          g.oh,
          g.ow,
          g.ow * g.co,
          g.co,
          nullptr,
          nullptr,
          g.h * g.w * g.ci,
          g.oh * g.ow * g.co};
}

// One of the sh*sw interleaved parts of the input gradient: the input pixels (sh*r + a, sw*p + b). Only some
// taps of the filter contribute to it; with those it is a stride-1 convolution of dy with the rotated filter.
struct Phase {
  Index first;       // a: the first input row (or column)
  Index count;       // how many
  Index tap0, taps;  // filter taps tap0, tap0 + stride, ...
  Index start;       // dy's row for the last tap and the first input row; may be negative
};

std::vector<Phase> phases(Index size, Index kernel, Index stride, Index pad) {
  std::vector<Phase> all;
  for (Index a = 0; a < std::min(stride, size); ++a) {
    const Index tap0 = (a + pad) % stride;
    const Index taps = tap0 < kernel ? (kernel - tap0 + stride - 1) / stride : 0;
    all.push_back({a, (size - a + stride - 1) / stride, tap0, taps, (a + pad - tap0) / stride - (taps - 1)});
  }
  return all;
}

// The padding that dy needs so that every phase reads within it.
void extent(const std::vector<Phase>& all, Index size, Index& before, Index& total) {
  before = 0;
  Index end = size;
  for (const Phase& p : all) {
    if (p.taps == 0) continue;
    before = std::max(before, -p.start);
    end = std::max(end, p.start + p.taps - 1 + p.count);
  }
  total = before + end;
}

// The filter of one phase as [taps_y][taps_x][co][ci], last taps first.
void rotate_filter(const Geometry& g, const Phase& y, const Phase& x, const float* filter, float* out) {
  for (Index ty = y.taps - 1; ty >= 0; --ty) {
    for (Index tx = x.taps - 1; tx >= 0; --tx, out += g.ci * g.co) {
      const float* from = filter + ((y.tap0 + ty * g.sh) * g.kw + x.tap0 + tx * g.sw) * g.ci * g.co;
      for (Index i = 0; i < g.ci; ++i)
        for (Index o = 0; o < g.co; ++o) out[o * g.ci + i] = from[i * g.co + o];
    }
  }
}

// The filter [kh][kw][ci][co] in panels of output channels.
const float* in_panels(const Geometry& g, const float* filter) {
  float* out = filter_scratch.floats(g.filter());
  panels::pack(filter, g.filter() / g.co, g.co, simd::best().lanes, out);
  return out;
}

bool lacks_taps(const std::vector<Phase>& all) {
  return std::any_of(all.begin(), all.end(), [](const Phase& phase) { return phase.taps == 0; });
}

}  // namespace

bool supports_forward(const Geometry& g) { return g.co % simd::best().lanes == 0 && g.dw == 1; }
bool supports_input_gradient(const Geometry& g) { return g.ci % simd::best().lanes == 0 && g.dh == 1 && g.dw == 1; }
bool supports_filter_gradient(const Geometry& g) { return supports_forward(g); }

void forward(const Geometry& g, const float* x, const float* filter, const float* bias, bool relu, float* y) {
  const Padding padding = input_padding(g);
  const std::vector<Index> taps = filter_rows(g, padding);
  const ConvolutionImage shape = forward_image(g, padding, taps);
  const float* w = in_panels(g, filter);
  for_each_image(g.n, padding, x, [&](Index, Index n, const float* image, const float* next) noexcept {
    ConvolutionImage one = shape;
    one.x = image;
    one.next_x = next;
    simd::best().convolve(one, w, bias, relu, y + n * g.oh * g.ow * g.co);
  });
}

void forward_each(const Geometry& g, const float* x, const float* filter, const float* bias,
                  const std::function<void(Index, const float*)>& then) {
  const Padding padding = input_padding(g);
  const std::vector<Index> taps = filter_rows(g, padding);
  const ConvolutionImage shape = forward_image(g, padding, taps);
  const float* w = in_panels(g, filter);
  static thread_local Scratch scratch;
  const PerThread outputs = scratch.per_thread(threads::parts(g.n, 1), g.oh * g.ow * g.co);
  for_each_image(g.n, padding, x, [&](Index thread, Index n, const float* image, const float* next) noexcept {
    ConvolutionImage one = shape;
    one.x = image;
    one.next_x = next;
    float* y = outputs.of(thread);
    simd::best().convolve(one, w, bias, true, y);
    then(n, y);
  });
}

void input_gradient(const Geometry& g, const float* dy, const float* filter, float* dx) {
  const std::vector<Phase> ys = phases(g.h, g.kh, g.sh, g.pt), xs = phases(g.w, g.kw, g.sw, g.pl);
  Padding padding = {g.oh, g.ow, g.co, 0, 0, 0, 0};
  extent(ys, g.oh, padding.top, padding.height);
  extent(xs, g.ow, padding.left, padding.width);
  float* packed = filter_scratch.floats(2 * g.filter());
  float* const rotated = packed + g.filter();
  std::vector<const float*> filters;
  for (const Phase& y : ys) {
    for (const Phase& x : xs) {
      const Index rows = y.taps * x.taps * g.co;
      rotate_filter(g, y, x, filter, rotated);
      panels::pack(rotated, rows, g.ci, simd::best().lanes, packed);
      filters.push_back(packed);
      packed += rows * g.ci;
    }
  }
  const Index row = padding.width * g.co;
  std::vector<Index> taps(g.kh);
  for (Index k = 0; k < g.kh; ++k) taps[k] = k * row;
  // Pixels that no output depends on.
  const bool has_zeros = lacks_taps(ys) || lacks_taps(xs);
  for_each_image(g.n, padding, dy, [&](Index, Index n, const float* image, const float* next) noexcept {
    float* out = dx + n * g.h * g.w * g.ci;
    if (has_zeros) std::memset(out, 0, sizeof(float) * g.h * g.w * g.ci);
    size_t phase = 0;
    for (const Phase& y : ys) {
      for (const Phase& x : xs) {
        const float* phase_filter = filters[phase++];
        if (y.taps == 0 || x.taps == 0) continue;
        const float* from = image + (padding.top + y.start) * row + (padding.left + x.start) * g.co;
        const ConvolutionImage shape = {from,
                                        row,
                                        g.co,
                                        taps.data(),
                                        y.taps,
                                        x.taps * g.co,
                                        g.ci,
                                        y.count,
                                        x.count,
                                        g.sh * g.w * g.ci,
                                        g.sw * g.ci,
                                        phase == 1 ? next : nullptr,
                                        nullptr,
                                        g.oh * g.ow * g.co,
                                        0};
        simd::best().convolve(shape, phase_filter, nullptr, false, out + (y.first * g.w + x.first) * g.ci);
      }
    }
  });
}

void filter_gradient(const Geometry& g, const float* x, const float* dy, float* dfilter) {
  const Padding padding = input_padding(g);
  const std::vector<Index> taps = filter_rows(g, padding);
  const ConvolutionImage shape = forward_image(g, padding, taps);
  const Index others = threads::count - 1;
  // Each thread has its own sum; they are added in the order of the threads.
  float* partial = others > 0 ? filter_scratch.floats(others * g.filter()) : nullptr;
  std::memset(dfilter, 0, sizeof(float) * g.filter());
  if (partial != nullptr) std::memset(partial, 0, sizeof(float) * others * g.filter());
  for_each_image(g.n, padding, x, [&](Index thread, Index n, const float* image, const float* next) noexcept {
    ConvolutionImage one = shape;
    one.x = image;
    one.next_x = next;
    one.next_y = next == nullptr ? nullptr : dy + (n + 1) * g.oh * g.ow * g.co;
    float* into = thread == 0 ? dfilter : partial + (thread - 1) * g.filter();
    simd::best().convolve_filter(one, dy + n * g.oh * g.ow * g.co, into);
  });
  for (Index t = 0; t < others; ++t)
    for (Index i = 0; i < g.filter(); ++i) dfilter[i] += partial[t * g.filter() + i];
}

}  // namespace direct
