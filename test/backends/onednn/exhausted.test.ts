/** Memory that runs out in a kernel of several threads. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { built } from './both.js';

const script = fileURLToPath(new URL('exhausted.mjs', import.meta.url));

test.skipIf(!built)(
  'memory that runs out in a parallel kernel is an error, not the end of the process',
  () => {
    const child = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    expect({ signal: child.signal, status: child.status, stderr: child.stderr }).toEqual({
      signal: null,
      status: 0,
      stderr: '',
    });
    const { errors, product } = JSON.parse(child.stdout) as { errors: string[]; product: number };
    expect(errors).toHaveLength(3);
    for (const error of errors) expect(error).not.toContain('done');
    expect(product).toBe(3);
  },
);
