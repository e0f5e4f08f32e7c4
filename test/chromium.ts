/** The browser of the tests: `apt install chromium`, or its path in CHROMIUM. */
import { existsSync } from 'node:fs';

/** Its path; undefined where there is none. */
export const CHROMIUM = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));
