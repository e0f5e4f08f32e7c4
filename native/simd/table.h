// The table of the kernels of one instruction set (kernel_list.def), the types that they take, and the choice of a
// table at run time.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simd {

using Index = std::ptrdiff_t;

// One image of a convolution as rows of taps: output pixel (r, p), of vectors of `co` channels, is
//   y[r*row_y + p*pixel_y + c] = sum over t < taps, j < length of
//     x[r*row_x + p*pixel_x + tap[t] + j] * w[(t*length + j)*co + c]
// where `convolve` reads w in panels (panels.h).
// In NHWC the (kx, ci) of one ky are contiguous, a run of `length` floats. So a filter has kh taps.
struct ConvolutionImage {
  const float* x;
  Index row_x, pixel_x;
  const Index* tap;
  Index taps, length;
  Index co;  // a multiple of the table's lanes
  Index rows, pixels;
  Index row_y, pixel_y;
  // What is read for the next image, to be prefetched meanwhile; may be null.
  const float* next_x;
  const float* next_y;
  Index next_x_floats, next_y_floats;
};

// Pooling over one image [h, w, c] to [oh, ow, c]: window, strides, dilations, padding before.
struct PoolImage {
  Index h, w, c, kh, kw, sh, sw, dh, dw, pt, pl, oh, ow;
};

// An image [height, width, channels] and the number of rows and columns of zeros before it. `zeros` is one pixel of
// zeros.
struct WinogradImage {
  const float* x;
  Index height, width, channels;
  Index top, left;
  const float* zeros;
};

struct BatchNormShape {
  Index rows, channels;
};

// Four axes (outermost first) of an output and the steps of its two operands along each: 0 where one is repeated.
struct Broadcast {
  Index size[4], a[4], b[4];
};

// The share of a moment that stays and the share of the new value. The second is 1 - beta in double: computed from
// 0.999f it would have a relative error of 1.3e-5.
struct Rate {
  float beta, rest;
};

struct AdamFactors {
  Rate first, second;
  float inverse_bias1, inverse_bias2, step_size, epsilon, l2, decay;
};

struct SgdFactors {
  float momentum, gradient_scale, momentum_scale, l2, decay;
};

// Rows of a block that is summed separately: few enough to be still in the first-level cache. Another number changes
// the bits of results.
constexpr Index kBlockRows = 16;

struct Table {
  const char* name;
  Index lanes;
#define KERNEL(name, parameters) void(*name) parameters;
#include "kernel_list.def"
};

extern const Table table_base;
extern const Table table_avx2;
extern const Table table_avx512;

// The best table this machine runs; ADAMW_BENCH_ISA=base|avx2|avx512 asks for a lesser one.
const Table& best() noexcept;

}  // namespace simd
