/** Programs in a real browser, bundled as their users bundle them. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { CHROMIUM } from '../chromium.js';

/** Whether there is a browser. */
export const hasChromium = CHROMIUM !== undefined;

/** WebGL without a GPU: drawn by the processor. */
const FLAGS = [
  '--no-sandbox',
  '--use-angle=swiftshader',
  '--enable-unsafe-swiftshader',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Milliseconds for a program on a busy machine. */
const PATIENCE = 300_000;

/** A statement that hands \`result\` to the test. */
export const SHOW = 'globalThis.shown = JSON.stringify(result);';

/** Bundles a program in a folder, minified. @returns the bundle */
export async function bundle(folder: string, program: string): Promise<string> {
  const outfile = join(folder, `${program}.bundle.js`);
  await build({
    entryPoints: [join(folder, program)],
    outfile,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
  });
  return readFileSync(outfile, 'utf8');
}

/** Runs a bundle in a page and returns what it showed. @throws Error with the page's complaint */
export async function inChromium(code: string): Promise<unknown> {
  const server = createServer((request, response) => {
    const isScript = request.url === '/program.js';
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
    response.end(isScript ? code : '<!doctype html><script type="module" src="/program.js"></script>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch({ executablePath: CHROMIUM!, args: FLAGS, timeout: PATIENCE });
  try {
    const page = await browser.newPage();
    const failed = new Promise<never>((_, reject) =>
      page.on('pageerror', (error) => reject(new Error(`in the page: ${error.stack ?? error.message}`))),
    );
    // The page is not loaded before the program has ended.
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await page.goto(address, { waitUntil: 'commit', timeout: PATIENCE });
    const shown = page.waitForFunction('globalThis.shown', undefined, { timeout: PATIENCE });
    const handle = await Promise.race([shown, failed]);
    return JSON.parse((await handle.jsonValue()) as string);
  } finally {
    await browser.close();
    server.close();
  }
}
