/** What a command loads: starting at once means that no library is loaded which the command does not use. */
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { adamwBench } from './cli.js';

interface Coverage {
  readonly result: readonly { readonly url: string }[];
}

/** The packages that a command loads, and the files of this one, `dist/cli/main.js` say. */
async function loadedBy(args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'adamw-bench-loaded-'));
  try {
    // V8 lists every script of the process, however it was loaded.
    const { code, stdout, stderr } = await adamwBench(args, { env: { NODE_V8_COVERAGE: folder } });
    const files = readdirSync(folder).flatMap((name) =>
      (JSON.parse(readFileSync(join(folder, name), 'utf8')) as Coverage).result
        .filter(({ url }) => url.startsWith('file:'))
        .map(({ url }) => fileURLToPath(url)),
    );
    const packages = files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
    const own = files.flatMap((file) => /\/(dist\/(?!.*node_modules).*)$/.exec(file)?.[1] ?? []);
    return { code, stdout, stderr, packages: [...new Set(packages)].sort(), own };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const commands = 'run plan report compare data setup doctor init export eval worker queue'.split(' ');

it.each(['--version', '-V', '--help', ...commands.map((name) => `${name} --help`)])(
  'adamw-bench %s loads the command line alone',
  async (args) => {
    const { code, stdout, packages, own } = await loadedBy(args.split(' '));
    expect({ code, packages }).toEqual({ code: 0, packages: ['commander'] });
    expect(stdout).toMatch(/^(\d+\.\d+|Usage: )/);
    expect(own.filter((file) => file.startsWith('dist/cli/actions/'))).toEqual([]);
  },
);

it('a mistyped option is refused without loading more', async () => {
  const { code, stderr, packages } = await loadedBy(['run', 'x.yaml', '--worker', '2']);
  expect({ code, packages }).toEqual({ code: 2, packages: ['commander'] });
  expect(stderr).toContain("unknown option '--worker'");
});
