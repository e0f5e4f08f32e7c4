/** A folder of configuration files for a test, and a valid one to change. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError, loadExperiment } from '../../src/config/index.js';

export const VALID = `name: valid
dataset: { name: mnist }
model:
  name: mlp
train:
  epochs: 4
optimizers:
  - adam
  - name: adamw
    lr: [0.01, 0.1]
grid:
  lr: [0.001, 0.002]
  wd: [0, 0.01]
`;

/** A new temporary folder. */
export const folder = (): string => mkdtempSync(join(tmpdir(), 'adamw-bench-config-'));

/** Writes files into a new folder and gives the path of the first. */
export function write(files: Record<string, string | Uint8Array>): string {
  const directory = folder();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  return join(directory, Object.keys(files)[0]!);
}

/** The text of the refusal of these files (the first is loaded), without the folder's name. */
export function refusal(files: Record<string, string | Uint8Array>, set: readonly string[] = []): string {
  const path = write(files);
  return messageOf(() => loadExperiment(path, { set })).replaceAll(
    path.slice(0, path.lastIndexOf('/') + 1),
    '',
  );
}

/** The message of the ConfigError that `load` throws. */
export function messageOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** VALID with one part replaced. */
export function changed(from: string, to: string): { 'a.yaml': string } {
  if (!VALID.includes(from)) throw new Error(`VALID does not contain ${from}`);
  return { 'a.yaml': VALID.replace(from, to) };
}
