/**
 * A cell's final weights as a standard safetensors file: one named tensor per parameter and per vector of running
 * statistics, and the cell in the metadata. Any program can read them, and `eval` can evaluate them again.
 */
import { forget } from '../backends/repeat.js';
import { canUseXla, useXla } from '../backends/xla.js';
import type { Dataset } from '../data/index.js';
import { decodeSafetensors, encodeSafetensors } from '../files/safetensors.js';
import { buildModel, requireTensors, type InputShape, type Model } from '../models/index.js';
import { hasValidId, type Cell } from '../experiment/cell.js';
import { evaluateBatches } from './evaluate.js';
import { augmentationOf, batchLoader } from './loader.js';
import { evaluationOf } from './passes.js';
import { weightTensors, type Snapshot } from './snapshot.js';
import type { Outcome } from './train.js';

const format = 'adamw-bench weights 1';

/** Weights read back, with what they belong to. */
export interface FinalWeights {
  readonly cell: Cell;
  /** Fingerprint of the data they were trained on. */
  readonly fingerprint: string;
  /** Test error that the run recorded for them. */
  readonly testError: number;
  readonly weights: Pick<Snapshot, 'theta' | 'slots' | 'state'>;
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/** Names, shapes and places of a model's tensors: the parameters in theta, then the statistics in state. */
const tensorsOf = (model: Model) => ({
  params: model.params.map(({ name, shape }) => ({ name, shape })),
  statistics: model.statistics.map(({ name, size }) => ({ name, shape: [size] })),
});

type Named = readonly { readonly name: string; readonly shape: readonly number[] }[];

function splitVector(vector: Float32Array, named: Named) {
  let at = 0;
  return named.map(
    ({ name, shape }) => [name, { shape, data: vector.slice(at, (at += sizeOf(shape))) }] as const,
  );
}

/** The file's bytes. Tensors keep the shapes the model gives them: dense [in, out], convolutions [h, w, in, out]. */
export function encodeWeights(
  cell: Cell,
  dataset: InputShape & Pick<Dataset, 'fingerprint'>,
  { weights, metrics }: Pick<Outcome, 'weights' | 'metrics'>,
): Uint8Array {
  const { params, statistics } = tensorsOf(buildModel(cell.model, dataset));
  const { height, width, channels, classes, tokens, fingerprint } = dataset;
  return encodeSafetensors({
    tensors: Object.fromEntries([
      ...splitVector(weights.theta, params),
      ...splitVector(weights.state, statistics),
    ]),
    metadata: {
      format,
      cell: JSON.stringify(cell),
      input: JSON.stringify({ height, width, channels, classes, tokens }),
      fingerprint,
      testError: String(metrics.at(-1)!.testError),
    },
  });
}

/**
 * Reads what `encodeWeights` wrote.
 * @throws Error saying what is wrong with the bytes
 */
export function decodeWeights(bytes: Uint8Array): FinalWeights {
  const { tensors, metadata } = decodeSafetensors(bytes);
  if (metadata.format !== format) throw new Error(`it holds no weights of this version (${format})`);
  const cell = JSON.parse(metadata.cell ?? '{}') as Cell;
  if (!hasValidId(cell)) throw new Error('its cell does not match its id: the metadata were changed');
  const input = JSON.parse(metadata.input ?? '{}') as InputShape;
  const { params, statistics } = tensorsOf(buildModel(cell.model, input));
  const gather = (named: Named) => {
    const out = new Float32Array(named.reduce((sum, { shape }) => sum + sizeOf(shape), 0));
    let at = 0;
    for (const { name, shape } of named) {
      const found = tensors[name];
      if (!found || found.shape.join() !== shape.join()) {
        throw new Error(`it has no tensor ${name} of shape [${shape.join(', ')}]`);
      }
      out.set(found.data, at);
      at += found.data.length;
    }
    return out;
  };
  return {
    cell,
    fingerprint: metadata.fingerprint ?? '',
    testError: Number(metadata.testError),
    weights: { theta: gather(params), slots: [], state: gather(statistics) },
  };
}

/** Mean loss and share of wrong answers on the whole test set, as at the end of an epoch, bit for bit. */
export async function evaluateWeights(
  { cell, weights }: Pick<FinalWeights, 'cell' | 'weights'>,
  dataset: Dataset,
): Promise<{ loss: number; error: number }> {
  // Weights may be measured on another backend than the one that trained them.
  useXla(cell.xla === true && canUseXla());
  const model = buildModel(cell.model, dataset);
  requireTensors(model, cell);
  const loader = batchLoader(dataset, augmentationOf(cell.dataset), cell.batchSize);
  const tensors = weightTensors(weights);
  const evaluation = evaluationOf(model);
  const { loss, wrong, answers } = await evaluateBatches(evaluation, tensors, loader.test());
  evaluation.dispose();
  tensors.theta.dispose();
  tensors.state.dispose();
  forget(model);
  return { loss: loss / answers, error: wrong / answers };
}
