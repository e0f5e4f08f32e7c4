/** A whole sweep from the command line, start-up included, beside the same cells in PyTorch. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { peer, requirePython } from '../peers/python.js';
import { batchSize, cnn, digits } from './models.js';
import { pytorchEnvironment, type Variant } from './team.js';

export interface SweepRow {
  readonly round: number;
  readonly engine: 'adamw-bench' | 'pytorch';
  readonly seconds: number;
}

export interface SweepSize {
  readonly rounds: number;
  readonly train: number;
  readonly test: number;
  readonly epochs: number;
}

const lr = [0.0005, 0.001, 0.002, 0.004];
const wd = [0, 0.0001, 0.001];
export const cellCount = lr.length * wd.length;

const program = fileURLToPath(new URL('../../bin/adamw-bench.js', import.meta.url));
const workers = availableParallelism();

/** Runs a command to its end; seconds. @throws Error with its last words where it fails */
async function timed(command: string, args: readonly string[], env = process.env): Promise<number> {
  const began = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let words = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-1000)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`${command} ${args[0] ?? ''} exited with ${String(code)}: ${words.trim()}`);
  return (performance.now() - began) / 1000;
}

async function ours(size: SweepSize): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'adamw-bench-sweep-'));
  try {
    const config = join(folder, 'sweep.yaml');
    const { train, test, epochs } = size;
    const experiment = {
      name: 'bench-sweep',
      dataset: { name: 'synthetic-mnist', train, test },
      model: cnn,
      train: { epochs, batchSize },
      optimizers: ['adamw'],
      grid: { lr, wd },
      backend: 'onednn',
      workers,
    };
    await writeFile(config, stringify(experiment));
    const seconds = await timed(process.execPath, [program, 'run', config, '--out', join(folder, 'out')]);
    const rows = (await readFile(join(folder, 'out', 'runs.csv'), 'utf8')).trim().split('\n').length - 1;
    if (rows !== cellCount) throw new Error(`The sweep left ${rows} rows for ${cellCount} cells.`);
    return seconds;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function theirs({ train, test, epochs }: SweepSize, variant: Variant): Promise<number> {
  const cells = lr.flatMap((lr) => wd.map((wd) => ({ lr, wd })));
  const job = { cells, train, test, epochs, workers, batchSize, variant, model: cnn, shape: digits };
  return timed(requirePython('pytorch'), [peer('sweep.py'), JSON.stringify(job)], pytorchEnvironment(1));
}

/** Both sweeps in turn, `rounds` times; who is first alternates. */
export async function measureSweep(
  size: SweepSize,
  variant: Variant,
  say: (text: string) => void,
): Promise<SweepRow[]> {
  const rows: SweepRow[] = [];
  for (let round = 1; round <= size.rounds; round++) {
    const order = ['adamw-bench', 'pytorch'] as const;
    for (const engine of round % 2 === 1 ? order : [...order].reverse()) {
      const seconds = engine === 'pytorch' ? await theirs(size, variant) : await ours(size);
      rows.push({ round, engine, seconds });
    }
    say(`sweep: round ${round} of ${size.rounds}`);
  }
  return rows;
}
