/** Loaded by `node --import`: leaves the peak of resident memory, bytes, in a file of $BENCH_MEMORY_FOLDER at the end. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

process.on('exit', () => {
  const bytes = process.resourceUsage().maxRSS * 1024;
  writeFileSync(join(process.env.BENCH_MEMORY_FOLDER, String(process.pid)), String(bytes));
});
