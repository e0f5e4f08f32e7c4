// Winograd convolution: transforms before and after sixteen matrix products. It works on groups of tiles that stay in
// the cache.
#include "winograd_convolution.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "padded_images.h"
#include "simd/prefetch.h"
#include "simd/table.h"

namespace winograd {
namespace {

using images::for_each_image;
using images::Padding;
using Index = std::ptrdiff_t;

constexpr Index kPositions = 16;
// With fewer channels the transforms cost as much as the multiplications they save.
constexpr Index kMinChannels = 16;
// The size that the transformed tiles of a group may have. Each is written once and read once.
constexpr Index kForwardBytes = 128 * 1024;
constexpr Index kGradientBytes = 256 * 1024;

// Tiles in groups of whole rows of tiles. `stride` floats lie between the positions of a group: one cache line
// more than the tiles take, so that the sixteen positions do not share a set of the cache.
struct Group {
  Index rows, tiles, groups;
  Index stride(Index channels) const { return tiles * channels + 16; }
  Index floats(Index channels) const { return kPositions * stride(channels); }
  // The number of products of an image, and the number of the product of a position in the group that starts at row r.
  Index parts() const { return groups * kPositions; }
  Index part(Index r, Index position) const { return r / rows * kPositions + position; }
};

Group group(const Geometry& g, Index bytes) {
  const Index columns = g.ow / 2, a_tile = kPositions * (g.ci + g.co) * Index{sizeof(float)};
  const Index rows = std::max<Index>(1, std::min(g.oh / 2, bytes / (a_tile * columns)));
  return {rows, rows * columns, (g.oh / 2 + rows - 1) / rows};
}

// A matrix product as a convolution of one row: [tiles, length] times [length, co].
simd::ConvolutionImage product(const float* u, Index tiles, Index length, Index co) {
  static const Index origin = 0;
  return {u, 0, length, &origin, 1, length, co, 1, tiles, 0, co, nullptr, nullptr, 0, 0};
}

// The transform itself handles pixels outside the image, so nothing is copied.
Padding unpadded(const Geometry& g) { return {g.h, g.w, g.ci, 0, 0, g.h, g.w}; }

// The filter rotated by half a turn and transposed, [3][3][co][ci]. With it the input gradient is a convolution of dy.
void rotate_filter(const Geometry& g, const float* filter, float* out) {
  for (Index tap = 8; tap >= 0; --tap, out += g.ci * g.co)
    for (Index i = 0; i < g.ci; ++i)
      for (Index o = 0; o < g.co; ++o) out[o * g.ci + i] = filter[(tap * g.ci + i) * g.co + o];
}

// The convolution that takes dy to dx.
Geometry backwards(const Geometry& g) {
  return {g.n, g.oh, g.ow, g.co, 3, 3, g.ci, 1, 1, 1, 1, 2 - g.pt, 2 - g.pl, g.h, g.w};
}

}  // namespace

bool supports(const Geometry& g) {
  const Index lanes = simd::best().lanes;
  const bool window = g.kh == 3 && g.kw == 3 && g.sh == 1 && g.sw == 1 && g.dh == 1 && g.dw == 1;
  const bool even = g.oh % 2 == 0 && g.ow % 2 == 0 && g.h % 2 == 0 && g.w % 2 == 0;
  const bool channels = g.ci >= kMinChannels && g.co >= kMinChannels && g.ci % lanes == 0 && g.co % lanes == 0;
  return window && even && channels && g.pt <= 2 && g.pl <= 2;
}

void forward(const Geometry& g, const float* x, const float* filter, const float* bias, bool relu, float* y) {
  static thread_local Scratch filter_scratch;
  const simd::Table& table = simd::best();
  const Group all = group(g, kForwardBytes);
  const Index per_position = g.ci * g.co, columns = g.ow / 2, row_y = g.ow * g.co;
  float* v = filter_scratch.floats(kPositions * per_position);
  table.winograd_filter(filter, per_position, v);
  const std::vector<float> zeros(g.ci);
  static thread_local Scratch tile_scratch;
  const PerThread tiles = tile_scratch.per_thread(threads::parts(g.n, 1), all.floats(g.ci) + all.floats(g.co));
  for_each_image(g.n, unpadded(g), x, [&](Index thread, Index n, const float* image, const float* next) noexcept {
    float* u = tiles.of(thread);
    float* m = u + all.floats(g.ci);
    for (Index r = 0; r < g.oh / 2; r += all.rows) {
      const Index rows = std::min(all.rows, g.oh / 2 - r);
      float* out = y + (n * g.oh + 2 * r) * row_y;
      table.winograd_input({image, g.h, g.w, g.ci, g.pt, g.pl, zeros.data()}, r, rows, columns, u, all.stride(g.ci));
      for (Index k = 0; k < kPositions; ++k) {
        simd::prefetch_read_part(next, g.h * g.w * g.ci, all.part(r, k), all.parts());
        simd::prefetch_write_part(out, 2 * rows * row_y, k, kPositions);
        table.convolve(product(u + k * all.stride(g.ci), rows * columns, g.ci, g.co), v + k * per_position, nullptr,
                       false, m + k * all.stride(g.co));
      }
      table.winograd_output(m, all.stride(g.co), g.co, rows, columns, bias, relu, out, row_y);
    }
  });
}

void input_gradient(const Geometry& g, const float* dy, const float* filter, float* dx) {
  static thread_local Scratch scratch;
  float* rotated = scratch.floats(g.filter());
  rotate_filter(g, filter, rotated);
  forward(backwards(g), dy, rotated, nullptr, false, dx);
}

void filter_gradient(const Geometry& g, const float* x, const float* dy, float* dfilter) {
  static thread_local Scratch sum_scratch;
  const simd::Table& table = simd::best();
  const Group all = group(g, kGradientBytes);
  const Index per_position = g.ci * g.co, sum = kPositions * per_position, columns = g.ow / 2;
  const Index row_y = g.ow * g.co;
  // Each thread has its own sum; they are added in the order of the threads.
  float* sums = sum_scratch.floats(threads::count * sum);
  std::memset(sums, 0, sizeof(float) * threads::count * sum);
  const std::vector<float> zeros(g.ci);
  static thread_local Scratch tile_scratch;
  const PerThread tiles = tile_scratch.per_thread(threads::parts(g.n, 1), all.floats(g.ci) + all.floats(g.co));
  for_each_image(g.n, unpadded(g), x, [&](Index thread, Index n, const float* image, const float* next) noexcept {
    float* u = tiles.of(thread);
    float* d = u + all.floats(g.ci);
    const float* next_dy = next == nullptr ? nullptr : dy + (n + 1) * g.oh * row_y;
    for (Index r = 0; r < g.oh / 2; r += all.rows) {
      const Index rows = std::min(all.rows, g.oh / 2 - r);
      table.winograd_input({image, g.h, g.w, g.ci, g.pt, g.pl, zeros.data()}, r, rows, columns, u, all.stride(g.ci));
      table.winograd_gradient(dy + (n * g.oh + 2 * r) * row_y, row_y, g.co, rows, columns, d, all.stride(g.co));
      for (Index k = 0; k < kPositions; ++k) {
        simd::prefetch_read_part(next, g.h * g.w * g.ci, all.part(r, k), all.parts());
        simd::prefetch_read_part(next_dy, g.oh * row_y, all.part(r, k), all.parts());
        table.convolve_filter(product(u + k * all.stride(g.ci), rows * columns, g.ci, g.co), d + k * all.stride(g.co),
                              sums + thread * sum + k * per_position);
      }
    }
  });
  for (Index t = 1; t < threads::count; ++t)
    for (Index i = 0; i < sum; ++i) sums[i] += sums[t * sum + i];
  table.winograd_filter_gradient(sums, per_position, dfilter);
}

}  // namespace winograd
