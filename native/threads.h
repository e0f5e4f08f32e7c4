// How many threads a kernel may use: one, unless a single run asked for more (loadOnednn's `threads`).
// Work is cut by thread number, never by who comes first, so that a result depends on the count alone.
#pragma once
#include <omp.h>

#include <cstddef>

namespace threads {

using Index = std::ptrdiff_t;

// Set per JavaScript thread: every worker is its own.
inline thread_local int count = 1;

struct Range {
  Index begin, end;
};

// Part `index` of `parts` even parts of [0, total).
inline Range part(Index total, Index index, Index parts) {
  return {total * index / parts, total * (index + 1) / parts};
}

// Calls work(thread, range) for even parts of [0, total), at least `least` each.
template <class Work>
void split(Index total, Index least, const Work& work) {
  const Index most = least > 0 ? total / least : total;
  const Index parts = most < 1 ? 1 : (most < count ? most : count);
  if (parts == 1) {
    work(Index{0}, Range{0, total});
    return;
  }
#pragma omp parallel for schedule(static, 1) num_threads(parts)
  for (Index i = 0; i < parts; ++i) work(i, part(total, i, parts));
}

}  // namespace threads
