/** The package as a TypeScript program sees it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

const program = `
import { AdamW } from 'adamw-bench';
const optimizer: AdamW = new AdamW({ learningRate: 0.001, weightDecay: 0.01 });
// @ts-expect-error -- only if its types are found is this wrong
const wrong: number = optimizer;
export { optimizer, wrong };
`;

it.each([
  ['node10', ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0']],
  ['node16', ['--module', 'node16', '--moduleResolution', 'node16']],
  ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
])('its types are found with moduleResolution %s', (_name, options) => {
  const folder = mkdtempSync(join(tmpdir(), 'adamw-bench-types-'));
  try {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules', 'adamw-bench'), 'dir');
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
    writeFileSync(join(folder, 'program.ts'), program);
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const args = [tsc, '--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', ...options];
    let said = '';
    try {
      execFileSync(process.execPath, [...args, 'program.ts'], { cwd: folder, encoding: 'utf8' });
    } catch (error) {
      said = (error as { stdout: string }).stdout;
    }
    expect(said).toBe('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
