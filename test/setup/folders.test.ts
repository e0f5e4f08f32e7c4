/** Where a set-up stands while it is made, and what is left of one that was killed. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SETUP_FILE } from '../../src/backends/tensorflowHome.js';
import {
  alone,
  linkHome,
  placesOf,
  putInPlace,
  recover,
  removeAll,
  requireOurs,
  type Places,
} from '../../src/setup/folders.js';

let root: string;
let places: Places;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'adamw-bench-folders-'));
  places = placesOf(join(root, 'tensorflow'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Something that says that it is a set-up. */
function fill(folder: string, mark: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, SETUP_FILE), JSON.stringify({ tensorflow: mark }));
}
const markOf = (folder: string) =>
  (JSON.parse(readFileSync(join(folder, SETUP_FILE), 'utf8')) as { tensorflow: string }).tensorflow;

describe('a set-up', () => {
  it('comes to its place whole, in the place of the one before, and leaves nothing beside it', async () => {
    fill(places.folder, 'old');
    fill(places.build, 'new');
    await putInPlace(places);
    expect(markOf(places.folder)).toBe('new');
    expect([places.partial, places.old].some(existsSync)).toBe(false);
  });

  it.each([
    ['before the first rename', { folder: 'old', build: 'new' }, 'old'],
    ['between the two renames', { old: 'old', build: 'new' }, 'old'],
    ['after the second rename', { old: 'old', folder: 'new' }, 'new'],
  ])('killed %s leaves a whole one', async (_, there, mark) => {
    for (const [place, content] of Object.entries(there)) fill(places[place as keyof Places], content);
    await recover(places);
    expect(markOf(places.folder)).toBe(mark);
    expect([places.old, places.build].some(existsSync)).toBe(false);
  });

  it('keeps what was fetched when it goes on, but no scratch folder of a downloader', async () => {
    mkdirSync(join(places.downloads, 'scratch-1'), { recursive: true });
    writeFileSync(join(places.downloads, 'a.whl'), 'x');
    await recover(places);
    expect(existsSync(join(places.downloads, 'a.whl'))).toBe(true);
    expect(existsSync(join(places.downloads, 'scratch-1'))).toBe(false);
  });

  it('touches no folder of somebody else’s', async () => {
    await requireOurs(places.folder);
    mkdirSync(places.folder);
    await requireOurs(places.folder);
    writeFileSync(join(places.folder, 'letter.txt'), 'dear');
    await expect(requireOurs(places.folder)).rejects.toMatchObject({ code: 'setup-folder' });
    writeFileSync(join(places.folder, SETUP_FILE), '{"tensorflow":1}');
    await expect(requireOurs(places.folder)).rejects.toMatchObject({ code: 'setup-folder' });
    fill(places.folder, '2');
    await requireOurs(places.folder);
  });

  it('waits for another one', async () => {
    const order: string[] = [];
    const first = alone(
      places,
      () => undefined,
      async () => {
        await sleep(300);
        order.push('first');
      },
    );
    await sleep(100);
    const pids: unknown[] = [];
    const second = alone(
      places,
      (pid) => pids.push(pid),
      () => Promise.resolve(order.push('second')),
    );
    await Promise.all([first, second]);
    expect(order).toEqual(['first', 'second']);
    expect(pids).toEqual([process.pid]);
  });

  it('is taken away with all that belongs to it', async () => {
    fill(places.folder, 'x');
    mkdirSync(places.downloads, { recursive: true });
    expect(await removeAll(places)).toBe(true);
    expect([places.folder, places.partial].some(existsSync)).toBe(false);
    expect(await removeAll(places)).toBe(false);
  });
});

describe('the usual place', () => {
  it('becomes a link to a set-up elsewhere, and another link later', async () => {
    const home = join(root, 'cache', 'tensorflow');
    for (const name of ['here', 'there']) {
      fill(join(root, name), name);
      expect(await linkHome(home, join(root, name))).toBe(true);
      expect(lstatSync(home).isSymbolicLink()).toBe(true);
      expect(markOf(home)).toBe(name);
    }
  });

  it('is left alone where a set-up is in it, or a file in its way', async () => {
    const home = join(root, 'home');
    fill(home, 'own');
    expect(await linkHome(home, join(root, 'else'))).toBe(false);
    expect(markOf(home)).toBe('own');
    writeFileSync(join(root, 'file'), '');
    expect(await linkHome(join(root, 'file', 'tensorflow'), join(root, 'else'))).toBe(false);
    symlinkSync(join(root, 'gone'), join(root, 'dangling'));
    expect(await linkHome(join(root, 'dangling'), home)).toBe(true);
  });
});
