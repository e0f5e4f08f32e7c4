/** Mean softmax cross-entropy with its gradient (nn/crossEntropy.ts is the specification). */
import type { TensorInfo } from '../../tfjs.js';
import { SoftmaxCrossEntropy } from '../../kernels.js';
import type { WebgpuBackend } from '../tfjsBackend.js';
import { TILES } from '../tiles.js';
import { sumRows } from './columns.js';
import { NOT_A_NUMBER } from './notANumber.js';
import { register } from './register.js';
import { eachOf, eachRow } from './rows.js';

/**
 * exp(logit - max) never overflows, and the sum of a row is at least 1. A device cannot refuse a label that is no class:
 * its loss is NaN, so that the run ends.
 */
function crossEntropy(
  backend: WebgpuBackend,
  { logits, labels }: { logits: TensorInfo; labels: TensorInfo },
): TensorInfo[] {
  const [rows, channels] = logits.shape as [number, number];
  const [losses, dlogits] = eachRow(
    backend,
    { rows, channels },
    {
      name: 'cross-entropy',
      inputs: [
        { name: 'logits', tensor: logits },
        { name: 'labels', tensor: labels },
      ],
      outputs: { losses: [rows], dlogits: logits.shape },
      uniforms: { nan: { f32: NaN } },
      functions: NOT_A_NUMBER,
      wgsl: `
  var most = -3.4e38f;
  ${eachOf('most = max(most, logits[i]);')}
  let top = maxOf(most, place, lane);
  var sum = 0f;
  ${eachOf('sum += expOf(logits[i] - top);')}
  let total = sumOf(sum, place, lane);
  let label = select(0, labels[row], isRow);
  ${eachOf(`
    let wanted = select(0f, 1f, channel == label);
    dlogits[i] = (expOf(logits[i] - top) / total - wanted) / f32(u.rows);`)}
  if (isRow && lane == 0) {
    let isKnown = label >= 0 && label < u.channels && !isNaN(total);
    losses[row] = select(u.nan, log(total) - (logits[start + label] - top), isKnown);
  }`,
    },
  );
  const [loss] = sumRows(
    backend,
    { rows, channels: 1 },
    {
      name: 'mean of losses',
      inputs: [{ name: 'losses', tensor: losses! }],
      sums: ['loss'],
      part: 'fn part(row: i32, i: i32, channel: i32) -> f32 { return losses[i]; }',
      factor: 1 / rows,
    },
    TILES.finish,
  );
  backend.disposeData(losses!.dataId);
  return [{ ...loss!, shape: [] }, dlogits!];
}

export function registerCrossEntropy(): void {
  register<{ logits: TensorInfo; labels: TensorInfo }, object>(SoftmaxCrossEntropy, ({ inputs, backend }) =>
    crossEntropy(backend, inputs),
  );
}
