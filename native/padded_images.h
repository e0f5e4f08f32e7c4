// Copies of images with their padding, made one at a time so that the copy stays in the second-level cache.
#pragma once
#include <algorithm>
#include <cstring>

#include "geometry.h"
#include "scratch.h"
#include "threads.h"

namespace images {

using Index = std::ptrdiff_t;

// An image with zeros around it.
struct Padding {
  Index h, w, c;        // the image
  Index top, left;      // zeros before
  Index height, width;  // of the padded image; it may also cut the image
  bool none() const { return top == 0 && left == 0 && height <= h && width == w; }
  Index elements() const { return height * width * c; }
};

// Writes the zeros of a padded image. Once is enough: copy_in does not write there.
inline void clear(const Padding& p, float* padded) { std::memset(padded, 0, sizeof(float) * p.elements()); }

inline void copy_in(const Padding& p, const float* image, float* padded) {
  const Index rows = std::min(p.h, p.height - p.top), columns = std::min(p.w, p.width - p.left);
  if (columns <= 0) return;
  for (Index r = 0; r < rows; ++r)
    std::memcpy(padded + ((r + p.top) * p.width + p.left) * p.c, image + r * p.w * p.c, sizeof(float) * columns * p.c);
}

// Calls work(thread, n, image, next) for every image n of a batch, padded where needed. `next` is image n + 1 without
// padding, or null. The thread is below threads::parts(batch, 1). The work must be noexcept.
template <class Work>
void for_each_image(Index batch, const Padding& padding, const float* images, const Work& work) {
  static_assert(std::is_nothrow_invocable_v<Work, Index, Index, const float*, const float*>);
  static thread_local Scratch scratch;
  const bool pads = !padding.none();
  const PerThread copies = scratch.per_thread(threads::parts(batch, 1), pads ? padding.elements() : 0);
  threads::parallel_for(batch, 1, [&](Index thread, threads::Range range) noexcept {
    float* padded = pads ? copies.of(thread) : nullptr;
    if (padded != nullptr) clear(padding, padded);
    for (Index n = range.begin; n < range.end; ++n) {
      const float* image = images + n * padding.h * padding.w * padding.c;
      if (padded != nullptr) copy_in(padding, image, padded);
      const float* next = n + 1 < range.end ? image + padding.h * padding.w * padding.c : nullptr;
      work(thread, n, padded != nullptr ? padded : image, next);
    }
  });
}

// The padding that a convolution needs around its input.
inline Padding input_padding(const Geometry& g) {
  // Rows below the covered ones are never read, so only the width must match.
  return {g.h, g.w, g.ci, g.pt, g.pl, g.covered_h(), std::max(g.covered_w(), g.pl == 0 ? g.w : 0)};
}

}  // namespace images
