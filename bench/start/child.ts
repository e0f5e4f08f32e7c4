/** Node processes that are run to their end: how long they take, and how much memory. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

const preload = new URL('./preload.mjs', import.meta.url).href;

/** Runs `node ARGS`; seconds. @throws Error with its last words where it fails */
export async function runToEnd(args: readonly string[], env = process.env): Promise<number> {
  const began = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let words = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-1000)));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0) throw new Error(`node ${args.join(' ')} exited with ${String(code)}: ${words.trim()}`);
  return (performance.now() - began) / 1000;
}

/** Peak of resident memory of `node ARGS`, bytes: of the largest of its processes. Takes a run of its own. */
export async function peakMemoryOf(args: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'adamw-bench-memory-'));
  try {
    const options = `${process.env['NODE_OPTIONS'] ?? ''} --import ${preload}`;
    await runToEnd(args, { ...process.env, NODE_OPTIONS: options, BENCH_MEMORY_FOLDER: folder });
    const files = await readdir(folder);
    const bytes = await Promise.all(
      files.map(async (file) => Number(await readFile(join(folder, file), 'utf8'))),
    );
    return Math.max(...bytes);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
