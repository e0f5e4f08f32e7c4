/**
 * He et al.'s CIFAR ResNet (https://arxiv.org/abs/1512.03385, section 4.2) of depth 6n+2, with 1x1-projection
 * shortcuts (option B) where the shape changes: ResNet-20 has 272,474 parameters.
 */
import { batchNorm } from '../nn/batchNorm.js';
import { conv } from '../nn/conv.js';
import { dense } from '../nn/dense.js';
import { named, serial, slices, type LayerOf } from '../nn/layer.js';
import { globalAverage } from '../nn/pool.js';

/** Stem of `width` filters, three stages of (depth-2)/6 blocks at width, 2 width, 4 width, global average, logits. */
export function resnet(depth: number, width: number, classes: number): LayerOf {
  const blocks = (depth - 2) / 6;
  const layers: Record<string, LayerOf> = { conv: conv(width, 3), norm: batchNorm({ relu: true }) };
  for (let stage = 0; stage < 3; stage++) {
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      layers[`stage${stage + 1}.block${block + 1}`] = basicBlock(width * 2 ** stage, stride);
    }
  }
  return serial({ ...layers, average: globalAverage, head: dense(classes) });
}

/** relu(norm(conv(relu(norm(conv(x))))) + shortcut(x)); the sum and the last ReLU ride on the second norm. */
function basicBlock(filters: number, stride: number): LayerOf {
  return (input) => {
    const body = serial({
      conv1: conv(filters, 3, { stride }),
      norm1: batchNorm({ relu: true }),
      conv2: conv(filters, 3),
    })(input);
    const norm2 = batchNorm({ relu: true })(body.output);
    const changes = stride !== 1 || input[2] !== filters;
    const shortcut = serial(changes ? { conv: conv(filters, 1, { stride }), norm: batchNorm() } : {})(input);
    // In the order of application: batch statistics are observed in this order too.
    const parts = [body, named('shortcut', shortcut), named('norm2', norm2)];
    return {
      output: body.output,
      params: parts.flatMap((part) => part.params),
      state: parts.flatMap((part) => part.state),
      apply(params, state, x, pass) {
        const take = slices(params, state);
        const residue = body.apply(...take(body), x, pass);
        const skip = shortcut.apply(...take(shortcut), x, pass);
        return norm2.apply(...take(norm2), residue, pass, skip);
      },
    };
  };
}
