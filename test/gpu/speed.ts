/** Images a second of each network on TensorFlow, beside PyTorch on the same GPU where there is one. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { pythonOf } from '../../bench/peers/python.js';
import { models, type BenchModel } from '../../bench/speed/models.js';

const shakeShake: BenchModel = {
  name: 'shake-shake',
  title: 'Shake-Shake 26 2x32d',
  spec: { name: 'shake-shake', depth: 26, width: 32, per: 'image' },
  shape: { height: 32, width: 32, channels: 3, classes: 10 },
};

interface Case {
  readonly model: BenchModel;
  readonly batchSize: number;
  readonly seconds: number;
}

/** By bench/speed/worker.mjs, which takes steps as a user's worker does. */
async function ours(root: string, { model, batchSize, seconds }: Case): Promise<number> {
  const setup = { backend: 'tensorflow', threads: 1, model: model.spec, shape: model.shape, batchSize };
  const child = spawn(process.execPath, ['bench/speed/worker.mjs', JSON.stringify(setup)], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = (await lines.next()) as { value?: string };
    if (value === undefined) throw new Error(`${model.title}: the process ended`);
    return JSON.parse(value) as { images?: number; seconds?: number; error?: string };
  };
  const ask = (message: object) => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    return next();
  };
  try {
    await next();
    await ask({ do: 'warm', seconds: 3 });
    const turn = await ask({ do: 'turn', at: Date.now() / 1000 + 0.1, seconds, fill: false });
    if (turn.images === undefined) throw new Error(turn.error ?? 'no answer');
    return turn.images / turn.seconds!;
  } finally {
    const closed = once(child, 'close');
    child.stdin.end();
    await closed;
  }
}

function pytorch(root: string, { model, batchSize, seconds }: Case): string {
  const setup = { model: model.spec, shape: model.shape, batchSize, seconds, device: 'cuda' };
  const { status, stdout } = spawnSync(pythonOf('pytorch'), ['bench/peers/gpu.py', JSON.stringify(setup)], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) return 'no PyTorch with a GPU here';
  const { eager, compiled } = JSON.parse(stdout) as { eager: number | null; compiled: number | null };
  const show = (rate: number | null) => (rate === null ? '-' : String(Math.round(rate)));
  return `PyTorch eager ${show(eager)}, compiled ${show(compiled)}`;
}

/** Prints a line for each network and batch size. @throws Error where one of ours does not train */
export async function measureSpeed(root: string, rehearse: boolean): Promise<string> {
  const networks = rehearse ? models.slice(0, 2) : [...models, shakeShake];
  const batchSizes = rehearse ? [128] : [128, 512];
  for (const model of networks) {
    for (const batchSize of batchSizes) {
      const one = { model, batchSize, seconds: rehearse ? 1 : 5 };
      const rate = Math.round(await ours(root, one));
      console.log(`  ${model.title}, batch ${batchSize}: ${rate} images/s; ${pytorch(root, one)}`);
    }
  }
  return `${networks.length * batchSizes.length} measured`;
}
