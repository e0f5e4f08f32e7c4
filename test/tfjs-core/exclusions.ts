/**
 * Which of tfjs-core's specs run against which backend, and which are left out, each by name with its reason.
 *
 * onednn, cpu, tensorflow and webgpu are held to all of them. wasm is held to those on what training uses; the rest is
 * tfjs's own affair, whose wasm backend does not implement every operation.
 */

import { tensorflow } from './tensorflowExclusions.js';
import { webgpu } from './webgpuExclusions.js';

export interface Exclusion {
  readonly reason: string;
  /** How the full names start, the backend's own name in them written as `*`. */
  readonly names: readonly string[];
}

/** The specs of gradients, convolutions, products, pooling and what else a network of ours is built from. */
const training =
  /gradient|grads?\b|backprop|conv1d|conv2d|pool|mat ?mul|relu|softmax|split|concat|moments|batchnorm|onehot|transpose/i;

const wasm: readonly Exclusion[] = [
  {
    reason: 'tfjs-backend-wasm computes in NHWC only, and so do our gradients; no model here uses NCHW.',
    names: [
      'conv2d * {} x=[2,1,2,2] f=[1,1,1,1] s=1 d=1 p=0 NCHW',
      'conv2d * {} x=[1,2,2] f=[2,2,1,1] s=1 d=1 p=same NCHW',
      'conv2d * {} x=[4,2,2] f=[1,1,4,4] s=1 d=1 p=same NCHW',
      'conv2d * {} x=[3,2,2] f=[1,1,3,4] s=1 d=1 p=same NCHW',
      'conv2d * {} x=[2,2,2,2] f=[1,1,4,4] s=1 d=1 p=same NCHW',
      'conv2d * {} x=[4,2,2] f=[2,2,4,4] s=1 d=1 p=same NCHW',
      'conv2d * {} x=[1,2,2] f=[2,2,1,1] s=1 d=1 p=explicit NCHW',
      'conv2d * {} x=[2,2,2] f=[2,2,2,1] s=1 d=1 p=same NCHW',
      'conv2d * {} x=[2,1,2,2] f=[2,2,1,1] s=1 d=1 p=same NCHW',
      'conv2d * {} gradient x=[1,1,3,3] f=[2,2,1,1] s=1 p=0 NCHW',
      'conv2d * {} gradient x=[2,1,3,3] f=[2,2,1,1] s=1 p=0 NCHW',
      'fused conv2d * {} basic in NCHW',
      'fused conv2d * {} im2row in NCHW',
      'fused conv2d * {} batch in NCHW',
    ],
  },
  {
    reason: "tfjs-backend-wasm's fused kernels take a bias of rank 1 only.",
    names: [
      'fused conv2d * {} basic with broadcasted bias and relu',
      'fused conv2d * {} im2row with broadcasted bias and relu',
      'fused conv2d * {} gradient x=[2,3,3,1] f=[2,2,1,1] s=1 p=0 with bias',
      'fused depthwiseConv2D * {} basic with broadcasted bias and relu',
      'fused matmul * {} fused A x B with 2d bias and relu',
      'fused matmul * {} fused A x B with relu and broadcasted bias different rank',
      'fused matmul * {} fused A x B with 2d bias only',
    ],
  },
  {
    reason: 'tfjs-backend-wasm has no gradient kernels for depthwise convolutions; no model here has one.',
    names: ['depthwiseConv2d gradients * {} ', 'fused depthwiseConv2D * {} gradient '],
  },
  {
    reason: 'tfjs-backend-wasm has no kernel Einsum.',
    names: ['einsum * {} '],
  },
  {
    reason: 'tfjs-backend-wasm has no kernel UnsortedSegmentSum, of which the gradient of gather is made.',
    names: ['gather * {} gradient ', 'unsortedSegmentSum * {} '],
  },
  {
    reason: 'tfjs-backend-wasm has no kernels for ragged tensors.',
    names: ['raggedGather  * {} ', 'raggedTensorToTensor  * {} '],
  },
  {
    reason: 'tfjs-backend-wasm has no complex numbers.',
    names: [
      'concat1d * {} concat complex input',
      'concat2d * {} concat complex input axis=0',
      'concat2d * {} concat complex input axis=1',
      'concat3d * {} concat complex input axis=0',
      'concat3d * {} concat complex input axis=1',
      'transpose * {} accepts complex64 input',
    ],
  },
  {
    reason: 'tfjs-backend-wasm multiplies matrices of float32 only.',
    names: ['matmul * {} upcasts when dtypes dont match'],
  },
  {
    reason:
      'XNNPACK refuses windows of 1x1, which tfjs-backend-wasm does not notice. The same without our kernels.',
    names: [
      'pool * {} max x=[2,2,3] f=[1,1] s=2 p=1 fractional outputs default rounding',
      'pool * {} avg x=[2,2,3] f=[1,1] s=2 p=1 fractional outputs default rounding',
    ],
  },
  {
    reason:
      'The debug count of data ids within one operation does not allow for those that tfjs-backend-wasm saves for the ' +
      'gradient; they are freed afterwards (test/backends/wasm counts them over many steps). Same without our kernels.',
    names: [
      'customGradient * {} second order derivative through customGradient',
      'customGradient * {} calling gradient of custom op twice works',
      'fused conv2d * {} backProp input x=[2,3,3,1] f=[2,2,1,1] s=1 p=0',
      'fused conv2d * {} gradient x=[2,3,3,1] f=[2,2,1,1] s=1 p=0',
      'logSoftmax * {} 1D gradient',
    ],
  },
  {
    reason: 'tfjs-backend-wasm loses a tensor that the gradient still needs. The same without our kernels.',
    names: ['logSigmoid * {} gradient with clones'],
  },
  {
    reason: 'The spec compares data ids, which tfjs-backend-wasm numbers in its own way.',
    names: [
      'gradient registry * {} register a kernel with gradient and call it',
      'gradient registry * {} register a kernel with gradient that specifies outputsToSave and call it',
    ],
  },
];

const exclusions: Readonly<Record<string, readonly Exclusion[]>> = {
  onednn: [],
  cpu: [],
  wasm,
  tensorflow,
  webgpu,
};

/** Whether the spec is among those that this backend is held to. */
export const isSelected = (backend: string, fullName: string): boolean =>
  backend !== 'wasm' || training.test(fullName);

/** Whether the spec is left out for a reason given here. */
export const isExcluded = (backend: string, fullName: string): boolean =>
  (exclusions[backend] ?? []).some(({ names }) =>
    names.some((name) => fullName.startsWith(name.replace('*', () => backend))),
  );
