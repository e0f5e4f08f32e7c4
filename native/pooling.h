// Max pooling over windows of size x size side by side, no padding; what is left over at the edge is dropped.
#pragma once
#include "simd/table.h"

namespace kernels {

// A position in a window is a byte, and one byte means none.
constexpr std::ptrdiff_t kMostPooled = 15;

inline simd::PoolImage side_by_side(std::ptrdiff_t h, std::ptrdiff_t w, std::ptrdiff_t c, std::ptrdiff_t size) {
  return {h, w, c, size, size, size, size, 1, 1, 0, 0, h / size, w / size};
}

}  // namespace kernels
