// The table of the kernels that are compiled once per instruction set (kernels.inc), and its choice at run time.
#pragma once
#include <cstddef>
#include <cstdint>

namespace simd {

using Index = std::ptrdiff_t;

// One image of a convolution as rows of taps: output pixel (r, p), of vectors of `co` channels, is
//   y[r*row_y + p*pixel_y + c] = sum over t < taps, j < length of
//     x[r*row_x + p*pixel_x + tap[t] + j] * w[(t*length + j)*co + c]
// NHWC makes the (kx, ci) of one ky such a contiguous run of `length` floats, so that a filter has kh taps.
struct ConvolutionImage {
  const float* x;
  Index row_x, pixel_x;
  const Index* tap;
  Index taps, length;
  Index co;  // a multiple of the table's lanes
  Index rows, pixels;
  Index row_y, pixel_y;
  // What the next image will be read from, to be fetched meanwhile; may be null.
  const float* next_x;
  const float* next_y;
  Index next_x_floats, next_y_floats;
};

// Pooling over one image [h, w, c] to [oh, ow, c]: window, strides, dilations, padding before.
struct PoolImage {
  Index h, w, c, kh, kw, sh, sw, dh, dw, pt, pl, oh, ow;
};

// An image [height, width, channels] and the rows and columns of zeros before it; `zeros` is a pixel of them.
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

// How much of a moment stays, and how much of the new one is added: 1 - beta taken in double, for of 0.999f it would
// be a relative 1.3e-5 off.
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

// Rows that are summed by themselves, so few that they are still in the first cache. Another number changes the bits of
// results.
constexpr Index kPieceRows = 16;

struct Table {
  const char* name;
  Index lanes;
  // y = convolution (+ bias), then ReLU where `relu`; bias may be null.
  void (*convolve)(const ConvolutionImage& shape, const float* w, const float* bias, bool relu, float* y);
  // dw[t][j][c] += sum over the image's pixels of x[..] * dy[..]; dy has y's strides.
  void (*convolve_filter)(const ConvolutionImage& shape, const float* dy, float* dw);
  // sum[c] and, over the rows, sum of squares about shift[c]; both are added to.
  void (*moments)(const float* x, BatchNormShape shape, const float* shift, double* sum, double* squares);
  // y = x*a[c] + b[c] (+ residual), then ReLU where `relu`.
  void (*normalize)(const float* x, BatchNormShape shape, const float* a, const float* b, const float* residual,
                    bool relu, float* y);
  // sum_dy[c] += dz, sum_dyx[c] += dz * (x - mean[c]), where dz = dy * (y > 0 or y null).
  void (*batch_norm_sums)(const float* dy, const float* x, const float* y, BatchNormShape shape, const float* mean,
                          double* sum_dy, double* sum_dyx);
  // dx = a[c]*dz + b[c]*x + d[c]; dresidual = dz where it is not null.
  void (*batch_norm_dx)(const float* dy, const float* x, const float* y, BatchNormShape shape, const float* a,
                        const float* b, const float* d, float* dx, float* dresidual);
  void (*adam)(Index n, const float* theta, const float* gradient, const float* m, const float* v,
               const float* mask, AdamFactors f, float* theta_out, float* m_out, float* v_out);
  void (*sgd)(Index n, const float* theta, const float* gradient, const float* m, const float* mask, SgdFactors f,
              float* theta_out, float* m_out);
  // out = a op b for op 0 + 1 - 2 * 3 /.
  void (*binary)(int op, const Broadcast& shape, const float* a, const float* b, float* out);
  void (*relu)(Index n, const float* x, float* y);
  void (*relu_grad)(Index n, const float* dy, const float* x, float* dx);
  // total[c] += sum over rows of x[r][c].
  void (*sum_rows)(const float* x, Index rows, Index channels, double* total);
  // The same for pieces of kPieceRows rows, summed one by one.
  void (*sum_pieces)(const float* x, Index pieces, Index channels, double* total);
  // dz = dy where y > 0; total[c] += sum over rows of dz[r][c].
  void (*bias_relu_grad)(const float* dy, const float* y, Index rows, Index channels, float* dz, double* total);
  // out[r] = sum over columns of x[r][c].
  void (*sum_columns)(const float* x, Index rows, Index columns, float* out);
  // Winograd's transforms (winograd.inc): channels are a multiple of the lanes, `stride` lies between positions.
  void (*winograd_input)(const WinogradImage& image, Index first, Index rows, Index columns, float* u, Index stride);
  void (*winograd_gradient)(const float* dy, Index row_y, Index channels, Index rows, Index columns, float* d,
                            Index stride);
  void (*winograd_output)(const float* m, Index stride, Index channels, Index rows, Index columns, const float* bias,
                          bool relu, float* y, Index row_y);
  void (*winograd_filter)(const float* g, Index n, float* v);
  void (*winograd_filter_gradient)(const float* m, Index n, float* dg);
  void (*max_pool)(const PoolImage& shape, const float* x, float* y);
  void (*max_pool_grad)(const PoolImage& shape, const float* dy, const float* x, float* dx);
  // Windows side by side over what a ReLU gave: y, and where in its window each maximum stands; and the way back.
  void (*max_pool_where)(const PoolImage& shape, const float* x, float* y, uint8_t* where);
  void (*unpool)(const PoolImage& shape, const float* dy, const uint8_t* where, float* dz);
};

extern const Table table_base;
extern const Table table_avx2;
extern const Table table_avx512;

// The best table this machine runs; ADAMW_BENCH_ISA=base|avx2|avx512 asks for a lesser one.
const Table& best();

}  // namespace simd
