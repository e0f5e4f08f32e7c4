/** What this machine has: its C library, a compiler, pip, free space. */
import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { promisify } from 'node:util';
import type { Machine } from './plan.js';

/** This machine, as far as it decides. */
export function thisMachine(): Machine {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return { platform: platform(), arch: arch(), glibc: header.glibcVersionRuntime };
}

/** The C++ compiler that builds the binding. */
export const compiler = (): string => process.env['CXX'] || 'g++';

/** The first line that a command prints, or undefined where it does not run. */
export async function firstLine(command: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(command, args, { timeout: 30_000 });
    return stdout.split('\n')[0]!.trim();
  } catch {
    return undefined;
  }
}

/** The version of pip, by which wheels are fetched where it is there. */
export const pipVersion = (): Promise<string | undefined> => firstLine('python3', '-m', 'pip', '--version');

/** Bytes that this user may still write into a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
