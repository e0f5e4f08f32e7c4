/**
 * Wide ResNet (Zagoruyko & Komodakis 2016, https://arxiv.org/abs/1605.07146) of depth 6n+4: blocks of two 3x3
 * convolutions, each after batch norm and ReLU, without dropout. WRN-28-10 is depth 28, widen 10.
 */
import { add } from '../backends/tfjs.js';
import { batchNorm } from '../nn/batchNorm.js';
import { conv } from '../nn/conv.js';
import { dense } from '../nn/dense.js';
import { named, serial, slices, type LayerOf } from '../nn/layer.js';
import { globalAverage } from '../nn/pool.js';

/** Stem of 16 filters; three stages of (depth-4)/6 blocks at 16k, 32k, 64k; BN, ReLU, global average, logits. */
export function wideResnet(depth: number, widen: number, classes: number): LayerOf {
  const blocks = (depth - 4) / 6;
  const layers: Record<string, LayerOf> = { conv: conv(16, 3) };
  for (let stage = 0; stage < 3; stage++) {
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      layers[`stage${stage + 1}.block${block + 1}`] = wideBlock(16 * widen * 2 ** stage, stride);
    }
  }
  const head = dense(classes, { gain: 1 / 3 });
  return serial({ ...layers, norm: batchNorm({ relu: true }), average: globalAverage, head });
}

/**
 * conv(relu(norm(conv(relu(norm(x)))))) + x. If the shape changes, the second summand is a 1x1 convolution of
 * relu(norm(x)), as in the authors' code.
 */
export function wideBlock(filters: number, stride: number): LayerOf {
  return (input) => {
    const changes = stride !== 1 || input[2] !== filters;
    const norm1 = named('norm1', batchNorm({ relu: true })(input));
    const body = serial({
      conv1: conv(filters, 3, { stride }),
      norm2: batchNorm({ relu: true }),
      conv2: conv(filters, 3),
    })(input);
    const shortcut = named('shortcut', serial(changes ? { conv: conv(filters, 1, { stride }) } : {})(input));
    const parts = [norm1, body, shortcut];
    return {
      output: body.output,
      params: parts.flatMap((part) => part.params),
      state: parts.flatMap((part) => part.state),
      apply(params, state, x, pass) {
        const take = slices(params, state);
        const activated = norm1.apply(...take(norm1), x, pass);
        const residue = body.apply(...take(body), activated, pass);
        return add(residue, shortcut.apply(...take(shortcut), changes ? activated : x, pass));
      },
    };
  };
}
