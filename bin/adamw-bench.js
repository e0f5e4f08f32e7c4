#!/usr/bin/env node
import { existsSync } from 'node:fs';

const program = new URL('../dist/cli/main.js', import.meta.url);
if (existsSync(program)) {
  const { main } = await import(program.href);
  process.exitCode = await main(process.argv);
} else {
  console.error('adamw-bench has not been built. Run `npm run build` in its folder, then try again.');
  process.exitCode = 1;
}
