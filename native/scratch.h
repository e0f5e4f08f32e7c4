// Working memory that a thread keeps between calls. It grows when needed and is aligned to a cache line.
#pragma once
#include <omp.h>

#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <new>

// A piece of scratch memory for each thread of a parallel loop.
class PerThread {
 public:
  PerThread(float* first, std::ptrdiff_t stride) : first_(first), stride_(stride) {}
  float* of(std::ptrdiff_t thread) const { return first_ + thread * stride_; }

 private:
  float* first_;
  std::ptrdiff_t stride_;
};

class Scratch {
 public:
  Scratch() = default;
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::free(data_); }

  // At least `count` floats, of undefined content. Throws std::bad_alloc, so not to be called in an OpenMP region.
  float* floats(std::size_t count) {
    assert(!omp_in_parallel());
    if (count > capacity_) {
      std::free(data_);
      data_ = nullptr;
      capacity_ = 0;
      const std::size_t bytes = (count * sizeof(float) + kLine - 1) / kLine * kLine;
      data_ = static_cast<float*>(std::aligned_alloc(kLine, bytes));
      if (data_ == nullptr) throw std::bad_alloc();
      capacity_ = count;
    }
    return data_;
  }

  // At least `count` floats for each of `threads` threads. No two threads share a cache line.
  PerThread per_thread(std::ptrdiff_t threads, std::size_t count) {
    const std::size_t stride = (count + kLineFloats - 1) / kLineFloats * kLineFloats;
    return {floats(threads * stride), static_cast<std::ptrdiff_t>(stride)};
  }

 private:
  static constexpr std::size_t kLine = 64, kLineFloats = kLine / sizeof(float);
  float* data_ = nullptr;
  std::size_t capacity_ = 0;
};
