// One interface to oneDNN 2.x and 3.x. In 2.x a primitive descriptor is made from an operation descriptor; 3.x makes it
// directly. No other file depends on the version.
#pragma once
#include <dnnl.hpp>

namespace compat {

using Dims = dnnl::memory::dims;
using Desc = dnnl::memory::desc;

struct ConvolutionDescs {
  Desc src, weights, bias, dst;  // bias of no dimensions: none
  Dims strides, dilations, pad_left, pad_right;
};

constexpr auto kDirect = dnnl::algorithm::convolution_direct;

#if DNNL_VERSION_MAJOR >= 3

inline bool empty(const Desc& desc) { return desc.get_ndims() == 0; }

inline auto forward(const dnnl::engine& engine, const ConvolutionDescs& d, const dnnl::primitive_attr& attr) {
  return dnnl::convolution_forward::primitive_desc(engine, dnnl::prop_kind::forward_training, kDirect, d.src, d.weights,
                                                   d.bias, d.dst, d.strides, d.dilations, d.pad_left, d.pad_right,
                                                   attr);
}

inline auto backward_data(const dnnl::engine& engine, const ConvolutionDescs& d,
                          const dnnl::convolution_forward::primitive_desc& hint) {
  return dnnl::convolution_backward_data::primitive_desc(engine, kDirect, d.src, d.weights, d.dst, d.strides,
                                                         d.dilations, d.pad_left, d.pad_right, hint);
}

inline auto backward_weights(const dnnl::engine& engine, const ConvolutionDescs& d,
                             const dnnl::convolution_forward::primitive_desc& hint) {
  return dnnl::convolution_backward_weights::primitive_desc(engine, kDirect, d.src, d.weights, d.dst, d.strides,
                                                            d.dilations, d.pad_left, d.pad_right, hint);
}

inline void append_relu(dnnl::post_ops& ops) { ops.append_eltwise(dnnl::algorithm::eltwise_relu, 0.f, 0.f); }

#else

inline bool empty(const Desc& desc) { return desc.dims().empty(); }

inline auto forward(const dnnl::engine& engine, const ConvolutionDescs& d, const dnnl::primitive_attr& attr) {
  using Conv = dnnl::convolution_forward;
  const auto kind = dnnl::prop_kind::forward_training;
  const auto desc =
      empty(d.bias)
          ? Conv::desc(kind, kDirect, d.src, d.weights, d.dst, d.strides, d.dilations, d.pad_left, d.pad_right)
          : Conv::desc(kind, kDirect, d.src, d.weights, d.bias, d.dst, d.strides, d.dilations, d.pad_left, d.pad_right);
  return Conv::primitive_desc(desc, attr, engine);
}

inline auto backward_data(const dnnl::engine& engine, const ConvolutionDescs& d,
                          const dnnl::convolution_forward::primitive_desc& hint) {
  using Conv = dnnl::convolution_backward_data;
  return Conv::primitive_desc(
      Conv::desc(kDirect, d.src, d.weights, d.dst, d.strides, d.dilations, d.pad_left, d.pad_right), engine, hint);
}

inline auto backward_weights(const dnnl::engine& engine, const ConvolutionDescs& d,
                             const dnnl::convolution_forward::primitive_desc& hint) {
  using Conv = dnnl::convolution_backward_weights;
  return Conv::primitive_desc(
      Conv::desc(kDirect, d.src, d.weights, d.dst, d.strides, d.dilations, d.pad_left, d.pad_right), engine, hint);
}

inline void append_relu(dnnl::post_ops& ops) { ops.append_eltwise(1.f, dnnl::algorithm::eltwise_relu, 0.f, 0.f); }

#endif

}  // namespace compat
