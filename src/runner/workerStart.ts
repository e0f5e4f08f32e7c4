/**
 * Where a worker process begins. Loading the rest takes most of a second; a signal to the whole process group (a
 * Ctrl-C, a terminal that closes) must not end the worker meanwhile: its coordinator decides.
 */
import { tooManyFiles } from '../files/openFiles.js';
import { surviveLostOutput } from '../files/output.js';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
surviveLostOutput();
try {
  await import('./workerMain.js');
} catch (error) {
  const refusal = tooManyFiles(error);
  if (refusal === undefined) throw error;
  console.error(refusal.message);
  process.exitCode = 1;
}
