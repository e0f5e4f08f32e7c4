// The shape of a two-dimensional convolution or pooling, as JavaScript passes it.
#pragma once
#include "check.h"

struct Geometry {
  using Index = std::ptrdiff_t;
  static constexpr size_t kNumbers = 15;

  Index n, h, w, ci;     // input [n, h, w, ci]
  Index kh, kw, co;      // filter [kh, kw, ci, co]
  Index sh, sw, dh, dw;  // strides, dilations (1: dense)
  Index pt, pl, oh, ow;  // padding before, output [n, oh, ow, co]

  Index input() const { return n * h * w * ci; }
  Index filter() const { return kh * kw * ci * co; }
  Index output() const { return n * oh * ow * co; }
  // The input rows and columns that the filter's positions cover, with padding.
  Index covered_h() const { return (oh - 1) * sh + (kh - 1) * dh + 1; }
  Index covered_w() const { return (ow - 1) * sw + (kw - 1) * dw + 1; }

  bool operator==(const Geometry& o) const {
    return n == o.n && h == o.h && w == o.w && ci == o.ci && kh == o.kh && kw == o.kw && co == o.co && sh == o.sh &&
           sw == o.sw && dh == o.dh && dw == o.dw && pt == o.pt && pl == o.pl && oh == o.oh && ow == o.ow;
  }
};

// Argument i: an Int32Array of the fifteen numbers in the order above, every size at least 1.
inline Geometry geometry(const Napi::CallbackInfo& info, size_t i) {
  const int32_t* g = check::ints(info, i, "geometry", Geometry::kNumbers);
  const Geometry shape = {g[0], g[1], g[2],  g[3],  g[4],  g[5],  g[6], g[7],
                          g[8], g[9], g[10], g[11], g[12], g[13], g[14]};
  for (size_t k = 0; k < Geometry::kNumbers; ++k) {
    const bool padding = k == 11 || k == 12;
    if (g[k] < (padding ? 0 : 1) || g[k] > (1 << 24))
      throw Napi::RangeError::New(
          info.Env(), "number " + std::to_string(k) + " of the geometry is " + std::to_string(g[k]) + ", out of range");
  }
  if (shape.pt > shape.kh * shape.dh || shape.pl > shape.kw * shape.dw)
    throw Napi::RangeError::New(info.Env(), "the geometry's padding is larger than its window");
  check::product(info, {shape.n, shape.h, shape.w, shape.ci});
  check::product(info, {shape.kh, shape.kw, shape.ci, shape.co});
  check::product(info, {shape.n, shape.oh, shape.ow, shape.co});
  check::product(info, {shape.covered_h(), shape.covered_w(), shape.ci});
  check::product(info, {shape.h + 2 * shape.kh, shape.w + 2 * shape.kw, shape.co});
  return shape;
}
