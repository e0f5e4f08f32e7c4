/**
 * Shake-Shake ResNet for 32x32 images (Gastaldi 2017, https://arxiv.org/abs/1705.07485), the paper's network:
 * `26 2x64d` is depth 26 and width 64. After the authors' Lua code (models/shakeshake.lua and shakeshakeblock.lua in
 * https://github.com/loshchil/AdamW-and-SGDW).
 */
import { concat, pad, relu as rectify, slice, tidy, type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { batchNorm } from '../nn/batchNorm.js';
import { conv } from '../nn/conv.js';
import { dense } from '../nn/dense.js';
import { named, serial, slices, type LayerOf } from '../nn/layer.js';
import { globalAverage } from '../nn/pool.js';
import { relu } from '../nn/relu.js';
import { drawShares, even, shake } from '../nn/shake.js';

/** Filters of the stem, whatever the width of what follows. */
const stem = 16;

/** One mixing share for each image, or one for the whole batch; every block draws its own. */
export type Per = 'image' | 'batch';

/**
 * Stem of 16 filters; three stages of (depth-2)/6 blocks at width, 2 width, 4 width; ReLU, global average (8x8 for
 * 32x32 images), logits.
 *
 * @throws Error for an odd width, which the halves of a shortcut could not share
 */
export function shakeShake(depth: number, width: number, per: Per, classes: number): LayerOf {
  if (width % 2 !== 0)
    throw new Error(
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
  return serial({ ...layers, relu, average: globalAverage, head: dense(classes, { gain: 1 / 3 }) });
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
    return {
      output: branch1.output,
      params: parts.flatMap((part) => part.params),
      state: parts.flatMap((part) => part.state),
      apply(params, state, x, pass) {
        const take = slices(params, state);
        // Both branches, and the projection, begin with the same ReLU; an identity skip does not.
        const rectified = rectify(x);
        const first = branch1.apply(...take(branch1), rectified, pass);
        const second = branch2.apply(...take(branch2), rectified, pass);
        const past = skip.apply(...take(skip), changes ? rectified : x, pass);
        if (!pass.training) return even(first, second, past);
        return shake(first, second, past, drawShares(pass.random, per === 'image' ? x.shape[0]! : 1));
      },
    };
  };
}

/**
 * Two 1x1 convolutions of the stride, to half the filters each, side by side, then batch norm. The second sees the
 * input one pixel further up and left, so that with stride 2 the two read different pixels.
 */
function projection(filters: number, stride: number): LayerOf {
  const halves: LayerOf = (input) => {
    const half = conv(filters / 2, 1, { stride })(input);
    const straight = named('straight', half);
    const shifted = named('shifted', half);
    return {
      output: [half.output[0]!, half.output[1]!, filters],
      params: [...straight.params, ...shifted.params],
      state: [],
      apply(params, _state, x, pass) {
        const left = straight.apply([params[0]!], [], x, pass);
        const right = shifted.apply([params[1]!], [], shift(x as Tensor4D), pass);
        return concat([left, right], 3);
      },
    };
  };
  return serial({ conv: halves, norm: batchNorm() });
}

/** Moves images [b, h, w, c] one pixel down and right; zeros come in, the last row and column go. */
export const shift = (x: Tensor4D): Tensor =>
  tidy(() =>
    slice(
      pad(x, [
        [0, 0],
        [1, 0],
        [1, 0],
        [0, 0],
      ]),
      [0, 0, 0, 0],
      x.shape,
    ),
  );
