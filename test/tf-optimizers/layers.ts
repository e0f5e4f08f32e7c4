/** tfjs-layers models that are saved with their optimizer and loaded again. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

/** A model and its optimizer, saved and loaded again beside the original. */
export async function reload(model: tf.LayersModel, io = inMemory()): Promise<tf.LayersModel> {
  await model.save(io, { includeOptimizer: true });
  return await tf.loadLayersModel(io);
}

export function inMemory(
  change: (artifacts: tf.io.ModelArtifacts) => void = () => undefined,
): tf.io.IOHandler {
  let saved: tf.io.ModelArtifacts;
  return {
    save: async (artifacts) => {
      saved = artifacts;
      change(saved);
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
    load: async () => saved,
  };
}

/** A folder of the model as JSON and its weights as they lie in memory. */
export function inFolder(folder: string): tf.io.IOHandler {
  return {
    save: async ({ weightData, ...rest }) => {
      writeFileSync(join(folder, 'model.json'), JSON.stringify(rest));
      writeFileSync(join(folder, 'weights.bin'), new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
    load: async () => {
      const rest = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8')) as tf.io.ModelArtifacts;
      const bytes = readFileSync(join(folder, 'weights.bin'));
      return { ...rest, weightData: new Uint8Array(bytes).buffer };
    },
  };
}

/** A dense layer of one unit without bias, at 1. */
export function unitLayer(
  optimizer: tf.Optimizer | ((kernel: string) => tf.Optimizer),
  name?: string,
): tf.Sequential {
  const layer = tf.layers.dense({
    units: 1,
    inputShape: [1],
    useBias: false,
    kernelInitializer: 'ones',
    ...(name === undefined ? {} : { name }),
  });
  const model = tf.sequential({ layers: [layer] });
  const chosen = typeof optimizer === 'function' ? optimizer(layer.weights[0]!.name) : optimizer;
  model.compile({ optimizer: chosen, loss: 'meanSquaredError' });
  return model;
}

/** One step, whose loss is returned. */
export async function step(model: tf.LayersModel, seed = 0): Promise<number> {
  const inputs = model.inputs[0]!.shape.at(-1)!;
  const x = tf.tidy(() => tf.sin(tf.add(tf.range(0, 4 * inputs), seed)).reshape([4, inputs]));
  const y = tf.tidy(() => tf.cos(tf.add(tf.range(0, 4), seed)).reshape([4, 1]));
  const loss = await model.trainOnBatch(x, y);
  tf.dispose([x, y]);
  return loss as number;
}

/** All weights of a model, in order. */
export const weightsOf = (model: tf.LayersModel): number[] =>
  model.getWeights().flatMap((weights) => [...weights.dataSync()]);
