/**
 * Shake-Shake ResNet for 32x32 images (Gastaldi 2017, https://arxiv.org/abs/1705.07485), the paper's network:
 * `26 2x64d` is depth 26 and width 64. After the authors' Lua code (models/shakeshake.lua and shakeshakeblock.lua in
 * https://github.com/loshchil/AdamW-and-SGDW).
 */
import { conv2d, mul, reshape, tensor, type Tensor } from '../backends/tfjs.js';
import { batchNorm } from '../nn/batchNorm.js';
import { conv } from '../nn/conv.js';
import { dense } from '../nn/dense.js';
import { named, serial, slices, type LayerOf } from '../nn/layer.js';
import { padded } from '../nn/padding.js';
import { globalAverage } from '../nn/pool.js';
import { rectify, relu } from '../nn/relu.js';
import { drawShares, drawnShares, even, shake } from '../nn/shake.js';
import { ModelError } from './error.js';

/** Filters of the stem, whatever the width of what follows. */
const stem = 16;

/** One mixing share for each image, or one for the whole batch; every block draws its own. */
export type Per = 'image' | 'batch';

/**
 * Stem of 16 filters; three stages of (depth-2)/6 blocks at width, 2 width, 4 width; ReLU, global average (8x8 for
 * 32x32 images), logits.
 *
 * @throws ModelError for an odd width, which the halves of a shortcut could not share
 */
export const shakeShake = (depth: number, width: number, per: Per, classes: number): LayerOf =>
  serial(shakeShakeLayers(depth, width, per, classes));

/** The layers of `shakeShake`, by name and in order. */
export function shakeShakeLayers(
  depth: number,
  width: number,
  per: Per,
  classes: number,
): Record<string, LayerOf> {
  if (width % 2 !== 0)
    throw new ModelError(
      `A shake-shake network cannot have width ${width}: its shortcuts are two halves. Set model.width to an even number.`,
    );
  const blocks = (depth - 2) / 6;
  const layers: Record<string, LayerOf> = { conv: conv(stem, 3), norm: batchNorm() };
  for (let stage = 0; stage < 3; stage++) {
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      layers[`stage${stage + 1}.block${block + 1}`] = shakeShakeBlock(width * 2 ** stage, stride, per);
    }
  }
  return { ...layers, relu, average: globalAverage, head: dense(classes, { gain: 1 / 3 }) };
}

/** ReLU-conv3x3(stride)-BN-ReLU-conv3x3-BN, twice; shaken, and added to the input or its projection. */
export function shakeShakeBlock(filters: number, stride: number, per: Per): LayerOf {
  const branch = serial({
    conv1: conv(filters, 3, { stride }),
    norm1: batchNorm({ relu: true }),
    conv2: conv(filters, 3),
    norm2: batchNorm(),
  });
  return (input) => {
    const changes = stride !== 1 || input[2] !== filters;
    const branch1 = named('branch1', branch(input));
    const branch2 = named('branch2', branch(input));
    const skip = named('skip', (changes ? projection(filters, stride) : serial({}))(input));
    const parts = [branch1, branch2, skip];
    const shares = (batch: number) => (per === 'image' ? batch : 1);
    return {
      output: branch1.output,
      params: parts.flatMap((part) => part.params),
      state: parts.flatMap((part) => part.state),
      draws: (batch) => 2 * shares(batch),
      apply(params, state, x, pass) {
        const take = slices(params, state);
        // Both branches and the projection start with the same ReLU; an identity skip does not.
        const rectified = rectify(x);
        const first = branch1.apply(...take(branch1), rectified, pass);
        const second = branch2.apply(...take(branch2), rectified, pass);
        const past = skip.apply(...take(skip), changes ? rectified : x, pass);
        if (!pass.training) return even(first, second, past);
        const count = shares(x.shape[0]!);
        const { random, drawn } = pass;
        return shake(first, second, past, drawn ? drawnShares(drawn, count) : drawShares(random, count));
      },
    };
  };
}

/** The two paths of `twoPaths` side by side, then batch norm. */
const projection = (filters: number, stride: number): LayerOf =>
  serial({ paths: twoPaths(filters, stride), norm: batchNorm() });

/**
 * Two 1x1 convolutions of the stride, to half the filters each, side by side. The second gets the input moved one
 * pixel down and right, with zeros at the edge. With stride 2 the two so read different pixels.
 *
 * Computed as one 2x2 convolution, padded by one above and to the left, in which each output channel has a single
 * non-zero tap. Moving, subsampling and joining activations would take several passes over memory.
 */
export function twoPaths(filters: number, stride: number): LayerOf {
  return ([h, w, c]) => ({
    output: [Math.ceil(h! / stride), Math.ceil(w! / stride), filters],
    // The first half of the output channels is the path that is not moved. Fan-out is that of each half.
    params: [{ name: 'weight', shape: [1, 1, c!, filters], init: { sd: Math.sqrt(2 / (filters / 2)) } }],
    state: [],
    apply([weight], _state, input) {
      const kernel = mul(reshape(weight!, [1, c!, filters]), tapsOf(filters));
      const { x, pad } = padded(input, 2, stride, 1, 0);
      return conv2d(x, reshape(kernel, [2, 2, c!, filters]), stride, pad);
    },
  });
}

/** [4, 1, filters]: 1 at the tap (of 2x2, row-major) through which a channel looks; the last tap is the pixel itself. */
function tapsOf(filters: number): Tensor {
  const taps = new Float32Array(4 * filters);
  taps.fill(1, 3 * filters, 3.5 * filters);
  taps.fill(1, 0.5 * filters, filters);
  return tensor(taps, [4, 1, filters]);
}
