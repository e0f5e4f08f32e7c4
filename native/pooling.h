// Max pooling over windows of size x size that do not overlap, without padding. Rows and columns at the end that do not
// fill a window are dropped.
#pragma once
#include "simd/table.h"

namespace kernels {

// A position in a window is stored as a byte, and one value of the byte means none: 15 * 15 < 255.
constexpr std::ptrdiff_t kMaxPoolSize = 15;

inline simd::PoolImage tiled_pool(std::ptrdiff_t h, std::ptrdiff_t w, std::ptrdiff_t c, std::ptrdiff_t size) {
  return {h, w, c, size, size, size, size, 1, 1, 0, 0, h / size, w / size};
}

}  // namespace kernels
