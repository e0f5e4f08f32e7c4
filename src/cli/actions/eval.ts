/** What `adamw-bench eval` does. */
import { readFile } from 'node:fs/promises';
import { backendOfIdentity } from '../../backends/identity.js';
import { useBackend, type BackendName } from '../../backends/index.js';
import { forSeed, loadDataset } from '../../data/index.js';
import { bitsPerCharacter, isOfText } from '../../experiment/record.js';
import { explainingFiles } from '../../files/problem.js';
import { decodeWeights, evaluateWeights, type FinalWeights } from '../../train/weights.js';
import { UsageError, exitCode } from '../exit.js';

export interface EvalFlags {
  readonly dataDir?: string;
  /** Where own data lie. */
  readonly data?: string;
  readonly backend?: BackendName;
  readonly json?: boolean;
}

/** Measures exported weights on their test set; returns the exit code. */
export async function evaluateFile(
  file: string,
  { dataDir, data, backend, json }: EvalFlags,
): Promise<number> {
  const weights = await readWeights(file);
  const { cell, testError, fingerprint } = weights;
  await useBackend(backend ?? backendOfIdentity(cell.backend), { threads: cell.threads });
  const dataset = await loadDataset(cell.dataset, { dataDir, path: data });
  const { loss, error } = await evaluateWeights(weights, forSeed(dataset, cell.dataset, cell.seed));
  const sameData = dataset.fingerprint === fingerprint;
  if (json) {
    console.log(
      JSON.stringify({ cell: cell.id, testLoss: loss, testError: error, recorded: testError, sameData }),
    );
    return exitCode.ok;
  }
  const bits = isOfText(weights)
    ? `, ${bitsPerCharacter({ testLoss: loss }).toFixed(3)} bits per character`
    : '';
  console.log(
    `cell ${cell.id}: test loss ${loss}, test error ${error} (${(error * 100).toFixed(2)}%)${bits}`,
  );
  if (!sameData) console.error('note: the data differ from those it was trained on.');
  if (error !== testError) console.error(`note: the run recorded a test error of ${testError}.`);
  return exitCode.ok;
}

async function readWeights(file: string): Promise<FinalWeights> {
  const bytes = await explainingFiles(file, () => readFile(file), { remedy: weightsRemedy });
  try {
    return decodeWeights(bytes);
  } catch (error) {
    throw new UsageError(`${file} cannot be used: ${(error as Error).message}. ${weightsRemedy}`);
  }
}

const weightsRemedy =
  'Name a safetensors file that `adamw-bench export` has written, or one in the folder weights/ of a run with --keep-weights.';
