// Filters as the kernel `convolve` reads them: in panels of two vectors of output channels, the last of one vector
// where that is what remains. A panel is contiguous, so its rows do not compete for a few sets of the first-level
// cache.
#pragma once
#include <cstddef>
#include <cstring>

namespace panels {

// [rows][co] to panels [rows][2 * lanes]; co is a multiple of lanes.
inline void pack(const float* filter, std::ptrdiff_t rows, std::ptrdiff_t co, std::ptrdiff_t lanes, float* out) {
  for (std::ptrdiff_t c = 0; c < co; c += 2 * lanes) {
    const std::ptrdiff_t width = co - c < 2 * lanes ? lanes : 2 * lanes;
    for (std::ptrdiff_t r = 0; r < rows; ++r, out += width)
      std::memcpy(out, filter + r * co + c, sizeof(float) * width);
  }
}

}  // namespace panels
