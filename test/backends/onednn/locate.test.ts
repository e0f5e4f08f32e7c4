/** Which addon the loader takes, decided on real addons and package folders. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BackendError } from '../../../src/backends/backend.js';
import {
  builtFrom,
  locateAddon,
  PLATFORM_PACKAGE,
  surroundings,
  type Surroundings,
} from '../../../src/backends/onednn/locate.js';

const FILE = 'adamw_onednn.node';
const addon = join('native', 'build', 'Release', FILE);
const ours = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
const platform = JSON.parse(readFileSync('packages/onednn-linux-x64/package.json', 'utf8')) as Record<
  string,
  string
>;

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'adamw-bench-locate-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The real addon, as another version would have built it; without a version, as 0.2.0 and before did. */
function localBuild(version: string | undefined): string {
  const bytes = readFileSync(addon);
  const mark = Buffer.from(`adamw-bench addon ${ours}\0`);
  const at = bytes.indexOf(mark);
  const text = version === undefined ? '' : `adamw-bench addon ${version}\0`;
  expect(text.length).toBeLessThanOrEqual(mark.length);
  bytes.fill(0, at, at + mark.length).write(text, at, 'latin1');
  const file = join(scratch(), FILE);
  writeFileSync(file, bytes);
  return file;
}

/** The platform package installed, with other words in its package.json. */
function platformPackage(changes: Record<string, string> = {}, isWhole = true): string {
  const folder = join(scratch(), PLATFORM_PACKAGE);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...platform, ...changes }));
  if (isWhole) symlinkSync(join(process.cwd(), addon), join(folder, FILE));
  return folder;
}

const machine = (changes: Partial<Surroundings>): Surroundings => ({
  version: ours,
  localBuild: undefined,
  platformPackage: undefined,
  glibc: () => '2.36',
  ...changes,
});

function refusalOn(changes: Partial<Surroundings>): BackendError {
  try {
    locateAddon(machine(changes));
  } catch (error) {
    expect(error).toBeInstanceOf(BackendError);
    return error as BackendError;
  }
  throw new Error('an addon was found');
}

describe.skipIf(!existsSync(addon))('with a built addon', () => {
  it('reads from the file what it was built from', () => {
    expect(builtFrom(addon)).toBe(ours);
    expect(builtFrom(localBuild('0.0.9'))).toBe('0.0.9');
    expect(builtFrom(localBuild(undefined))).toBeUndefined();
  });

  it('finds the local build of this clone', () => {
    expect(surroundings()).toMatchObject({ version: ours, localBuild: join(process.cwd(), addon) });
    expect(locateAddon().origin).toContain('built here');
  });

  it('takes the local build of the same version before the package, whatever the package is', () => {
    for (const folder of [
      platformPackage(),
      platformPackage({ version: '9.9.9' }),
      platformPackage({}, false),
    ]) {
      const file = localBuild(ours);
      expect(locateAddon(machine({ localBuild: file, platformPackage: folder })).file).toBe(file);
    }
  });

  it.each([
    ['no local build', () => undefined],
    ['a local build of another version', () => localBuild('0.0.9')],
    ['a local build without a version', () => localBuild(undefined)],
  ])('takes the package beside %s', (_what, local) => {
    const folder = platformPackage();
    expect(locateAddon(machine({ localBuild: local(), platformPackage: folder }))).toEqual({
      file: join(folder, FILE),
      origin: `${PLATFORM_PACKAGE} ${ours}`,
    });
  });

  it.each([
    ['0.0.9', 'version 0.0.9'],
    [undefined, 'an earlier version'],
  ])('refuses a local build of version %s', (version, words) => {
    const error = refusalOn({ localBuild: localBuild(version) });
    expect(error).toMatchObject({ code: 'onednn-other-version', backend: 'onednn' });
    expect(error.message).toContain(words);
    expect(error.message).toContain('npm rebuild');
  });
});

it('refuses a package of another version, and names both', () => {
  const error = refusalOn({ platformPackage: platformPackage({ version: '0.0.9' }) });
  expect(error.code).toBe('onednn-other-version');
  expect(error.message).toContain('0.0.9');
  expect(error.message).toContain(ours);
});

it('refuses a package without its addon, and a machine with none at all', () => {
  expect(refusalOn({ platformPackage: platformPackage({}, false) }).code).toBe('onednn-not-built');
  const error = refusalOn({});
  expect(error.code).toBe('onednn-not-built');
  expect(error.message).toContain('libdnnl-dev');
});

describe('the C library', () => {
  it.each<[string | undefined, string, boolean]>([
    ['2.34', '2.34', true],
    ['2.36', '2.34', true],
    ['3.0', '2.34', true],
    ['2.31', '2.34', false],
    // Numbers, not text.
    ['2.4', '2.34', false],
    ['2.100', '2.34', true],
    // Not the GNU C library.
    [undefined, '2.34', false],
  ])('%s for a package that states %s: %s', (system, stated, fits) => {
    const folder = platformPackage({ glibc: stated });
    cpSync('package.json', join(folder, FILE), { force: true });
    const here = { platformPackage: folder, glibc: () => system };
    if (fits) expect(locateAddon(machine(here)).file).toBe(join(folder, FILE));
    else {
      const error = refusalOn(here);
      expect(error.code).toBe('onednn-glibc');
      expect(error.message).toContain(`${stated} or newer`);
      expect(error.message).toContain(system ?? 'another C library');
    }
  });

  it('is new enough exactly if its numbers are not smaller', () => {
    const folder = platformPackage({}, false);
    writeFileSync(join(folder, FILE), '');
    const version = fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 120 }));
    fc.assert(
      fc.property(version, version, ([a, b], [c, d]) => {
        writeFileSync(join(folder, 'package.json'), JSON.stringify({ version: ours, glibc: `${c}.${d}` }));
        const locate = () => locateAddon(machine({ platformPackage: folder, glibc: () => `${a}.${b}` }));
        if (a * 1000 + b >= c * 1000 + d) expect(locate().file).toBe(join(folder, FILE));
        else expect(locate).toThrow(BackendError);
      }),
    );
  });

  it.skipIf(process.platform !== 'linux')('is found out here as ldd says it', async () => {
    const { execFileSync } = await import('node:child_process');
    const [first] = execFileSync('ldd', ['--version'], { encoding: 'utf8' }).split('\n');
    expect(first).toContain(surroundings().glibc());
  });
});

it("states the version of adamw-bench in the package's own package.json", () => {
  expect(platform).toMatchObject({ name: PLATFORM_PACKAGE, version: ours, os: ['linux'], cpu: ['x64'] });
  expect(platform['glibc']).toMatch(/^\d+\.\d+$/);
});
