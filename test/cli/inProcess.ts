/** The command line without a process of its own, for what starts none. */
import { vi } from 'vitest';
import { main } from '../../src/cli/main.js';

/** Runs a command line; what it writes to the console is kept from there and returned. */
export async function inThisProcess(args: readonly string[]) {
  const written = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) => [
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text);
      return true;
    }),
    vi.spyOn(console, name === 'stdout' ? 'log' : 'error').mockImplementation((text) => {
      written[name] += `${String(text)}\n`;
    }),
  ]);
  try {
    return { code: await main(['node', 'adamw-bench', ...args]), ...written };
  } finally {
    for (const spy of spies.flat()) spy.mockRestore();
  }
}
