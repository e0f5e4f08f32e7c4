/** The package as a TypeScript program sees it. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

const program = `
import { AdamW } from 'adamw-bench';
const optimizer: AdamW = new AdamW({ learningRate: 0.001, weightDecay: 0.01 });
// @ts-expect-error -- only if its types are found is this wrong
const wrong: number = optimizer;
export { optimizer, wrong };
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'adamw-bench-types-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(root, join(folder, 'node_modules', 'adamw-bench'), 'dir');
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(join(folder, 'program.ts'), program);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** TypeScript's own declarations, which are the same for every program: parsed once. */
const library = new Map<string, ts.SourceFile | undefined>();
const libraryFolder = dirname(ts.getDefaultLibFilePath({}));

/** A compiler's host in the folder. */
function hostOf(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  return {
    ...host,
    getCurrentDirectory: () => folder,
    getSourceFile: (file, ...rest) => {
      if (dirname(file) !== libraryFolder) return read(file, ...rest);
      if (!library.has(file)) library.set(file, read(file, ...rest));
      return library.get(file);
    },
  };
}

it.each<[string, readonly string[]]>([
  ['node10', ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0']],
  ['node16', ['--module', 'node16', '--moduleResolution', 'node16']],
  ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
])('its types are found with moduleResolution %s', (_name, how) => {
  const args = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2022', ...how];
  const { options, errors } = ts.parseCommandLine([...args, join(folder, 'program.ts')]);
  expect(errors).toEqual([]);
  const checked = ts.createProgram([join(folder, 'program.ts')], options, hostOf(options));
  const said = ts.getPreEmitDiagnostics(checked);
  expect(said.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))).toEqual([]);
});
