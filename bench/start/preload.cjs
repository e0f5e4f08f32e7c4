/** Loaded by `node --require`: leaves the peak of resident memory, bytes, in a file of $BENCH_MEMORY_FOLDER at the end. */
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');

process.on('exit', () => {
  const bytes = process.resourceUsage().maxRSS * 1024;
  writeFileSync(join(process.env.BENCH_MEMORY_FOLDER, String(process.pid)), String(bytes));
});
