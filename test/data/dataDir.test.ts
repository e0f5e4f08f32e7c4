import { describe, expect, it } from 'vitest';
import path from 'node:path';
import { resolveDataDir } from '../../src/data/dataDir.js';
import type { FolderEnvironment } from '../../src/files/cacheHome.js';

const on = (platform: NodeJS.Platform, env: FolderEnvironment['env'] = {}) => ({
  platform,
  env,
  home: platform === 'win32' ? 'C:\\Users\\a' : '/home/a',
});

describe('the data folder', () => {
  it.each<[string, FolderEnvironment, string]>([
    ['Linux', on('linux'), '/home/a/.cache/adamw-bench'],
    ['XDG_CACHE_HOME', on('linux', { XDG_CACHE_HOME: '/big/cache' }), '/big/cache/adamw-bench'],
    ['a relative XDG_CACHE_HOME', on('linux', { XDG_CACHE_HOME: 'cache' }), '/home/a/.cache/adamw-bench'],
    ['macOS', on('darwin'), '/home/a/Library/Caches/adamw-bench'],
    ['Windows', on('win32', { LOCALAPPDATA: 'D:\\Local' }), 'D:\\Local\\adamw-bench'],
    ['Windows without LOCALAPPDATA', on('win32'), 'C:\\Users\\a\\AppData\\Local\\adamw-bench'],
  ])('follows the convention: %s', (_what, around, expected) => {
    expect(resolveDataDir(undefined, around)).toBe(expected);
  });

  it.each<[string, FolderEnvironment]>([
    ['an empty HOME', { ...on('linux'), home: '' }],
    ['a relative HOME', { ...on('linux'), home: 'me' }],
    ['no HOME', { ...on('linux'), home: undefined }],
    ['an empty HOME on macOS', { ...on('darwin'), home: '' }],
    ['a relative profile on Windows', { ...on('win32', { LOCALAPPDATA: '' }), home: 'me' }],
  ])('is refused with %s, unless it is named', (_what, around) => {
    expect(() => resolveDataDir(undefined, around)).toThrow(
      expect.objectContaining({ code: 'home-unknown' }),
    );
    expect(resolveDataDir('/data', around)).toBe(path.resolve('/data'));
  });

  it('needs no home where the cache folder is named, and ignores a relative one', () => {
    const cache = { ...on('linux', { XDG_CACHE_HOME: '/cache' }), home: '' };
    expect(resolveDataDir(undefined, cache)).toBe('/cache/adamw-bench');
    const local = on('win32', { LOCALAPPDATA: 'Local' });
    expect(resolveDataDir(undefined, local)).toBe('C:\\Users\\a\\AppData\\Local\\adamw-bench');
  });

  it('is --data-dir before ADAMW_BENCH_DATA before the convention', () => {
    const around = on('linux', { ADAMW_BENCH_DATA: '/data', XDG_CACHE_HOME: '/cache' });
    expect(resolveDataDir(undefined, around)).toBe(path.resolve('/data'));
    expect(resolveDataDir('here', around)).toBe(path.resolve('here'));
  });
});
