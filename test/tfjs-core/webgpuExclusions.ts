/**
 * Specs that tfjs-backend-webgpu with our kernels does not pass on the software device SwiftShader, by name, with reasons.
 * tfjs itself leaves nearly all of them out too (tfjs-backend-webgpu/src/setup_test.ts of its repository).
 */
import type { Exclusion } from './exclusions.js';

export const webgpu: readonly Exclusion[] = [
  {
    reason: 'tfjs-backend-webgpu has no such kernel; nothing here uses one.',
    names: [
      'bitwiseAnd * {} ',
      'nonMaxSuppression * {} NonMaxSuppressionPadded ',
      'raggedGather  * {} ',
      'raggedRange  * {} ',
      'raggedTensorToTensor  * {} ',
      'sparseFillEmptyRows * {} ',
      'sparseReshape * {} ',
      'staticRegexReplace * {} ',
      'stringSplit * {} ',
      'stringToHashBucketFast * {} ',
      'unique * {} ',
    ],
  },
  {
    reason:
      'A kernel on a GPU cannot throw for an index outside; no index here comes from outside unchecked.',
    names: [
      'gather * {} throws when index is out of bound',
      'sparseSegmentMean * {} throw error ',
      'sparseSegmentSum * {} indices invalid ',
      'sparseSegmentSum * {} segments invalid ',
    ],
  },
  {
    reason:
      'WGSL lets a driver assume that no value is NaN, and SwiftShader does in exp and log. The loss of logits with a NaN is NaN ' +
      'all the same (test/backends/webgpu/nan.test.ts).',
    names: [
      'acosh * {} propagates NaNs',
      'asinh * {} propagates NaNs',
      'atanh * {} propagates NaNs',
      'log * {} log propagates NaNs',
      'sigmoid * {} propagates NaNs',
      'softmax * {} Propagates NaNs',
    ],
  },
  {
    reason: 'WGSL allows sin and cos an error of 2^-11, and more far from 0; nothing here computes them.',
    names: [
      'cos * {} gradients: Scalar',
      'cos * {} gradient with clones',
      'tan * {} gradients: Tensor2D',
      'tan * {} numbers exceed float32 precision',
    ],
  },
  {
    reason: 'exp(10) differs in its eighth digit, which WGSL allows.',
    names: ['exp * {} int32'],
  },
  {
    reason:
      'tfjs compiles the length of a vector into its kernels Cumsum and Cumprod and takes them for other lengths too; ' +
      'nothing here uses them.',
    names: [
      'cumsum * {} gradient: 1D',
      'cumsum * {} gradient with clones',
      'prod * {} gradients: prod(reduce on 2 axes)',
      'prod * {} gradients: prod(tensor with zeros)',
      'prod * {} gradients: prod(2d, axis=0) and varied gradient values',
    ],
  },
  {
    reason: "Dawn refuses tfjs's kernel Bincount of two dimensions; nothing here uses it.",
    names: ['threshold * {} method otsu'],
  },
  {
    reason:
      'tfjs-backend-webgpu cannot end a read of a tensor that is disposed of meanwhile; whoever reads here waits for it.',
    names: [
      'tensor.data * {} .data() postpones disposal of tensor',
      'tensor.data * {} calling .data() twice works (2 subscribers to a single read)',
    ],
  },
  {
    reason: 'The times of a GPU are coarse: so short a kernel may take none.',
    names: ['time cpu * {} simple upload'],
  },
  {
    reason: 'Node has no canvas.',
    names: ['fromPixels, mock canvas * {} accepts a canvas-like element'],
  },
];
