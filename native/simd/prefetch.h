// Loads memory into the cache before it is needed, in parts spread over the work that goes on meanwhile. A core can
// wait for few cache misses at once, so asking for everything at once would not help.
#pragma once
#include <cstddef>

namespace simd {
namespace {

constexpr std::ptrdiff_t kFloatsOfLine = 16;

// Loads part `index` of `parts` of the floats that are read next into the second-level cache. `next` may be null.
inline void prefetch_read_part(const float* next, std::ptrdiff_t floats, std::ptrdiff_t index, std::ptrdiff_t parts) {
  if (next == nullptr) return;
  for (std::ptrdiff_t i = floats * index / parts; i < floats * (index + 1) / parts; i += kFloatsOfLine)
    __builtin_prefetch(next + i, 0, 2);
}

// Loads part `index` of `parts` of the floats that are written next into the first-level cache.
inline void prefetch_write_part(const float* out, std::ptrdiff_t floats, std::ptrdiff_t index, std::ptrdiff_t parts) {
  for (std::ptrdiff_t i = floats * index / parts; i < floats * (index + 1) / parts; i += kFloatsOfLine)
    __builtin_prefetch(out + i, 1, 3);
}

}  // namespace
}  // namespace simd
