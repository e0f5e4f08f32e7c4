/**
 * How many multiply-adds a training step needs by its definition, whatever an engine makes of it: convolutions, dense
 * layers and attention's two products. Norms, pooling, ReLU, GELU, softmax and the optimizer are counted as nothing, as is
 * usual.
 */
import type { ModelSpec } from '../../src/experiment/specs.js';
import type { InputShape } from '../../src/models/index.js';
import type { TransformerSpec } from '../../src/models/transformer.js';

/** A convolution or dense layer (1x1 on one pixel): `positions` outputs of `outputs` channels from k x k x `inputs`. */
export interface Product {
  readonly positions: number;
  readonly k: number;
  readonly inputs: number;
  readonly outputs: number;
}

const dense = (inputs: number, outputs: number): Product => ({ positions: 1, k: 1, inputs, outputs });

function denseChain(widths: readonly number[]): Product[] {
  return widths.slice(1).map((outputs, i) => dense(widths[i]!, outputs));
}

function cnn(filters: readonly number[], hidden: readonly number[], shape: InputShape): Product[] {
  let { height, width, channels } = shape;
  const convolutions = filters.map((outputs): Product => {
    const one = { positions: height * width, k: 5, inputs: channels, outputs };
    [height, width, channels] = [Math.floor(height / 2), Math.floor(width / 2), outputs];
    return one;
  });
  return [...convolutions, ...denseChain([height * width * channels, ...hidden, shape.classes])];
}

function resnet(depth: number, base: number, shape: InputShape): Product[] {
  let { height, width } = shape;
  const layers: Product[] = [{ positions: height * width, k: 3, inputs: shape.channels, outputs: base }];
  let inputs = base;
  for (let stage = 0; stage < 3; stage++) {
    const outputs = base * 2 ** stage;
    for (let block = 0; block < (depth - 2) / 6; block++) {
      if (stage > 0 && block === 0) [height, width] = [Math.ceil(height / 2), Math.ceil(width / 2)];
      const positions = height * width;
      layers.push({ positions, k: 3, inputs, outputs }, { positions, k: 3, inputs: outputs, outputs });
      if (inputs !== outputs) layers.push({ positions, k: 1, inputs, outputs });
      inputs = outputs;
    }
  }
  return [...layers, dense(inputs, shape.classes)];
}

/** On patches of images. A product of all positions with all others is one of `positions` inputs. */
function transformer({ layers, width, expand, patch }: TransformerSpec, shape: InputShape): Product[] {
  const positions = (shape.height / patch) * (shape.width / patch);
  const each = (inputs: number, outputs: number): Product => ({ positions, k: 1, inputs, outputs });
  const block = [
    each(width, 3 * width),
    each(positions, width),
    each(positions, width),
    each(width, width),
    each(width, expand * width),
    each(expand * width, width),
  ];
  const embedded = { positions, k: patch, inputs: shape.channels, outputs: width };
  return [embedded, ...Array.from({ length: layers }, () => block).flat(), dense(width, shape.classes)];
}

/**
 * The convolutions, dense layers and attention's products of a network, the first one first.
 * @throws Error for a network that is not of the benchmark
 */
export function productsOf(spec: ModelSpec, shape: InputShape): Product[] {
  if (spec.name === 'mlp')
    return denseChain([shape.height * shape.width * shape.channels, ...spec.hidden, shape.classes]);
  if (spec.name === 'cnn') return cnn(spec.filters, spec.hidden, shape);
  if (spec.name === 'resnet') return resnet(spec.depth, spec.width, shape);
  if (spec.name === 'transformer') return transformer(spec, shape);
  throw new Error(`The benchmark does not know the products of ${spec.name}: add them to flops.ts.`);
}

/** Multiply-adds of one layer, forward, for one image. */
export const multiplyAdds = ({ positions, k, inputs, outputs }: Product): number =>
  positions * k * k * inputs * outputs;

/**
 * Floating-point operations of a training step for one image, a multiply-add being two: forward, filter gradient and
 * input gradient cost the same, and the first layer needs no input gradient.
 */
export function trainingFlops(layers: readonly Product[]): number {
  const forward = layers.reduce((sum, layer) => sum + multiplyAdds(layer), 0);
  return 2 * (3 * forward - multiplyAdds(layers[0]!));
}
