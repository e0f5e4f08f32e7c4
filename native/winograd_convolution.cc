// Winograd convolution: transforms before and after a matrix product for each position of a tile. It works on groups of
// tiles that stay in the cache.
#include "winograd_convolution.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "panels.h"
#include "scratch.h"
#include "simd/prefetch.h"
#include "simd/table.h"
#include "threads.h"

namespace winograd {
namespace {

using Index = std::ptrdiff_t;
using simd::Table;

// With fewer channels the transforms cost as much as the multiplications they save.
constexpr Index kMinChannels = 16;
// Fewer are not worth a thread.
constexpr Index kMinPositions = 8, kMinSums = 1 << 14;

// F(2x2, 3x3) or F(4x4, 3x3).
struct Scheme {
  Index tile, positions;  // an output tile's height and width; the products for each
  // The size that the transformed tiles of a group may have. Each is written once and read once.
  Index forward_bytes, gradient_bytes;
  decltype(Table::winograd_input) input;
  decltype(Table::winograd_gradient) gradient;
  decltype(Table::winograd_output) output;
  decltype(Table::winograd_filter) filter;
  decltype(Table::winograd_filter_gradient) filter_gradient;
};

// The larger tiles are measured on AVX2 only.
Scheme scheme(const Geometry& g) {
  const Table& t = simd::best();
  if (t.lanes == 8 && g.oh % 4 == 0 && g.ow % 4 == 0)
    return {4,
            36,
            256 * 1024,
            384 * 1024,
            t.winograd4_input,
            t.winograd4_gradient,
            t.winograd4_output,
            t.winograd4_filter,
            t.winograd4_filter_gradient};
  return {2,
          16,
          128 * 1024,
          256 * 1024,
          t.winograd_input,
          t.winograd_gradient,
          t.winograd_output,
          t.winograd_filter,
          t.winograd_filter_gradient};
}

// The batch's tiles in groups of whole rows of tiles, which may belong to several images. `stride` floats lie between
// the positions of a group: one cache line more than the tiles take, so that the positions do not share a set of the
// cache.
struct Groups {
  Index tile, positions, columns, of_image, rows;  // rows of tiles of an image and of a group
  Groups(const Geometry& g, const Scheme& s, Index bytes)
      : tile(s.tile), positions(s.positions), columns(g.ow / s.tile), of_image(g.oh / s.tile) {
    const Index row = columns * positions * (g.ci + g.co) * Index{sizeof(float)};
    rows = std::max<Index>(1, std::min(g.n * of_image, bytes / row));
  }
  Index tiles() const { return rows * columns; }
  Index stride(Index channels) const { return tiles() * channels + 16; }
  Index floats(Index channels) const { return positions * stride(channels); }

  // Calls work(row, rows) for each group of a range of images, and run(image, first row in it, rows, tiles before in
  // the group) from each_run for each image of a group.
  template <class Work>
  void each(threads::Range images, const Work& work) const {
    for (Index row = images.begin * of_image; row < images.end * of_image; row += rows)
      work(row, std::min(rows, images.end * of_image - row));
  }
  template <class Run>
  void each_run(Index row, Index count, const Run& run) const {
    for (Index done = 0; done < count;) {
      const Index first = (row + done) % of_image, now = std::min(count - done, of_image - first);
      run((row + done) / of_image, first, now, done * columns);
      done += now;
    }
  }
};

// What the next group reads of a batch of images: rows [row, end) of tiles, `of_image` of them in an image.
struct Next {
  const float* images;
  Index row, end, of_image, image_floats;
  void prefetch(Index rows, Index part, Index parts) const {
    const Index floats = std::min(rows, end - row) * image_floats / of_image;
    if (floats > 0) simd::prefetch_read_part(images + row * image_floats / of_image, floats, part, parts);
  }
};

// A matrix product as a convolution of one row: [tiles, length] times [length, co].
simd::ConvolutionImage product(const float* u, Index tiles, Index length, Index co) {
  static const Index origin = 0;
  return {u, 0, length, &origin, 1, length, co, 1, tiles, 0, co, nullptr, nullptr, 0, 0};
}

// The filter rotated by half a turn and transposed, [3][3][co][ci]. With it the input gradient is a convolution of dy.
void rotate_filter(const Geometry& g, const float* filter, float* out) {
  const Index one = g.ci * g.co;
  threads::parallel_for(9, one < kMinSums / 9 ? 9 : 1, [&](Index, threads::Range range) noexcept {
    for (Index tap = range.begin; tap < range.end; ++tap)
      for (Index o = 0; o < g.co; ++o)
        for (Index i = 0; i < g.ci; ++i) out[tap * one + o * g.ci + i] = filter[(8 - tap) * one + i * g.co + o];
  });
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
  const Table& table = simd::best();
  const Scheme with = scheme(g);
  const Groups all(g, with, with.forward_bytes);
  const Index per_position = g.ci * g.co, row_x = g.w * g.ci, row_y = g.ow * g.co;
  float* v = filter_scratch.floats(2 * with.positions * per_position);
  float* const transformed = v + with.positions * per_position;
  with.filter(filter, per_position, transformed);
  threads::parallel_for(with.positions, kMinPositions, [&](Index, threads::Range range) noexcept {
    for (Index k = range.begin; k < range.end; ++k)
      panels::pack(transformed + k * per_position, g.ci, g.co, table.lanes, v + k * per_position);
  });
  const std::vector<float> zeros(g.ci);
  static thread_local Scratch tile_scratch;
  const PerThread tiles = tile_scratch.per_thread(threads::parts(g.n, 1), all.floats(g.ci) + all.floats(g.co));
  threads::parallel_for(g.n, 1, [&](Index thread, threads::Range range) noexcept {
    float* u = tiles.of(thread);
    float* m = u + all.floats(g.ci);
    all.each(range, [&](Index row, Index rows) {
      all.each_run(row, rows, [&](Index n, Index first, Index now, Index before) {
        with.input({x + n * g.h * row_x, g.h, g.w, g.ci, g.pt, g.pl, zeros.data()}, first, now, all.columns,
                   u + before * g.ci, all.stride(g.ci));
      });
      const Next next = {x, row + rows, range.end * all.of_image, all.of_image, g.h * row_x};
      float* out = y + row * with.tile * row_y;
      for (Index k = 0; k < with.positions; ++k) {
        next.prefetch(rows, k, with.positions);
        simd::prefetch_write_part(out, rows * with.tile * row_y, k, with.positions);
        table.convolve(product(u + k * all.stride(g.ci), rows * all.columns, g.ci, g.co), v + k * per_position, nullptr,
                       false, m + k * all.stride(g.co));
      }
      all.each_run(row, rows, [&](Index n, Index first, Index now, Index before) {
        with.output(m + before * g.co, all.stride(g.co), g.co, now, all.columns, bias, relu,
                    y + (n * g.oh + with.tile * first) * row_y, row_y);
      });
    });
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
  const Table& table = simd::best();
  const Scheme with = scheme(g);
  const Groups all(g, with, with.gradient_bytes);
  const Index per_position = g.ci * g.co, sum = with.positions * per_position;
  const Index row_x = g.w * g.ci, row_y = g.ow * g.co;
  // Each thread has its own sum; they are added in the order of the threads.
  const Index parts = threads::parts(g.n, 1);
  float* sums = sum_scratch.floats(parts * sum);
  const std::vector<float> zeros(g.ci);
  static thread_local Scratch tile_scratch;
  const PerThread tiles = tile_scratch.per_thread(threads::parts(g.n, 1), all.floats(g.ci) + all.floats(g.co));
  threads::parallel_for(g.n, 1, [&](Index thread, threads::Range range) noexcept {
    std::memset(sums + thread * sum, 0, sizeof(float) * sum);
    float* u = tiles.of(thread);
    float* d = u + all.floats(g.ci);
    all.each(range, [&](Index row, Index rows) {
      all.each_run(row, rows, [&](Index n, Index first, Index now, Index before) {
        with.input({x + n * g.h * row_x, g.h, g.w, g.ci, g.pt, g.pl, zeros.data()}, first, now, all.columns,
                   u + before * g.ci, all.stride(g.ci));
        with.gradient(dy + (n * g.oh + with.tile * first) * row_y, row_y, g.co, now, all.columns, d + before * g.co,
                      all.stride(g.co));
      });
      const Next next = {x, row + rows, range.end * all.of_image, all.of_image, g.h * row_x};
      const Next next_dy = {dy, row + rows, range.end * all.of_image, all.of_image, g.oh * row_y};
      for (Index k = 0; k < with.positions; ++k) {
        next.prefetch(rows, k, with.positions);
        next_dy.prefetch(rows, k, with.positions);
        table.convolve_filter(product(u + k * all.stride(g.ci), rows * all.columns, g.ci, g.co),
                              d + k * all.stride(g.co), sums + thread * sum + k * per_position);
      }
    });
  });
  threads::parallel_for(sum, kMinSums, [&](Index, threads::Range range) noexcept {
    for (Index t = 1; t < parts; ++t)
      for (Index i = range.begin; i < range.end; ++i) sums[i] += sums[t * sum + i];
  });
  with.filter_gradient(sums, per_position, dfilter);
}

}  // namespace winograd
