/**
 * tfjs-core, for everything that computes. Node reads a CommonJS file of a million characters twice when it is
 * imported: once to find the names that it exports, which takes five times as long as loading it. `require` does not.
 * The module is the same one, whichever way a program loads it.
 */
import { createRequire } from 'node:module';
import type * as Core from '@tensorflow/tfjs-core';

const core = createRequire(import.meta.url)('@tensorflow/tfjs-core') as typeof Core;

export type * from '@tensorflow/tfjs-core';

// Where a name is both, the value below hides the type.
export type Tensor<R extends Core.Rank = Core.Rank> = Core.Tensor<R>;
export type Conv2DInfo = Core.backend_util.Conv2DInfo;
export type ExplicitPadding = Core.backend_util.ExplicitPadding;

/** Names of kernels. */
export const {
  Add,
  AvgPool,
  AvgPoolGrad,
  BatchMatMul,
  Concat,
  Conv2D,
  Conv2DBackpropFilter,
  Conv2DBackpropInput,
  ExpandDims,
  FusedBatchNorm,
  FusedConv2D,
  Identity,
  MaxPool,
  MaxPoolGrad,
  Mean,
  Multiply,
  PadV2,
  RealDiv,
  Relu,
  Reshape,
  SplitV,
  Sub,
  Sum,
  Transpose,
  _FusedMatMul,
} = core;

/** Operations. */
export const {
  abs,
  add,
  argMax,
  batchNorm,
  cast,
  concat,
  conv2d,
  div,
  exp,
  greater,
  less,
  logSoftmax,
  logicalAnd,
  logicalNot,
  logicalOr,
  matMul,
  max,
  maxPool,
  maximum,
  mean,
  mul,
  neg,
  notEqual,
  oneHot,
  ones,
  pad,
  relu,
  reshape,
  rsqrt,
  scalar,
  slice,
  softmax,
  split,
  sqrt,
  square,
  stack,
  step,
  sub,
  sum,
  tanh,
  tensor,
  tensor1d,
  tensor2d,
  tensor3d,
  tensor4d,
  transpose,
  unstack,
  zeros,
} = core;

/** The engine, and what is registered with it. */
export const {
  Optimizer,
  Tensor,
  backend_util,
  broadcast_util,
  customGrad,
  dispose,
  engine,
  env,
  getBackend,
  getGradient,
  getKernel,
  getKernelsForBackend,
  keep,
  memory,
  registerBackend,
  registerGradient,
  registerKernel,
  setBackend,
  tidy,
  unregisterKernel,
  util,
  valueAndGrad,
} = core;
