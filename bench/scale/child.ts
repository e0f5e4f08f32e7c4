/** One stage in a process of its own: `tsx bench/scale/child.ts STAGE CELLS DIR SECONDS`; prints one line of JSON. */
import { performance } from 'node:perf_hooks';
import { stages, type StageName } from './stages.js';

const [stage, cells, dir, seconds] = process.argv.slice(2);
const cpuBefore = process.cpuUsage();
const began = performance.now();
const done = await stages[stage as StageName](Number(cells), dir!, Number(seconds));
const elapsed = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
const measured = {
  seconds: elapsed,
  cpuSeconds: (user + system) / 1e6,
  peakBytes: process.resourceUsage().maxRSS * 1024,
};
console.log(JSON.stringify({ ...done, ...measured }));
