// How many threads a kernel may use: one, unless a single run asked for more (loadOnednn's `threads`).
// Work is divided by the number of the thread, never by which thread is free first. So a result depends only on the
// number of threads.
#pragma once
#include <omp.h>

#include <cstddef>
#include <type_traits>

namespace threads {

using Index = std::ptrdiff_t;

// One count for each JavaScript thread, so that workers do not disturb each other.
inline thread_local int count = 1;

struct Range {
  Index begin, end;
};

// Part `index` of `parts` even parts of [0, total).
inline Range part(Index total, Index index, Index parts) {
  return {total * index / parts, total * (index + 1) / parts};
}

// The number of threads that `parallel_for` uses.
inline Index parts(Index total, Index min_per_thread) {
  const Index max = total / min_per_thread;
  return max < 1 ? 1 : (max < count ? max : count);
}

// Calls work(thread, range) for even parts of [0, total), at least `min_per_thread` each.
//
// An exception cannot leave an OpenMP region: it would end the process. So the work must be noexcept, and must not
// allocate; its memory comes from Scratch::per_thread before the region.
template <class Work>
void parallel_for(Index total, Index min_per_thread, const Work& work) {
  static_assert(std::is_nothrow_invocable_v<Work, Index, Range>, "the work of a parallel loop must be noexcept");
  const Index n = parts(total, min_per_thread);
  if (n == 1) {
    work(Index{0}, Range{0, total});
    return;
  }
#pragma omp parallel for schedule(static, 1) num_threads(n)
  for (Index i = 0; i < n; ++i) work(i, part(total, i, n));
}

}  // namespace threads
