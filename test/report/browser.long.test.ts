/** The report in a real browser, used as a person would: read, hover, click, sort, walk by keyboard, watch it fill. */
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderComparison, writeReport } from '../../src/report/index.js';
import { serveReport } from '../../src/report/serve.js';
import { CHROMIUM } from '../chromium.js';
import { lossGrid, trialRecords } from './imported.js';
import { powers, sweepRecords } from './records.js';
import { writeAtomically } from '../../src/files/atomic.js';

const SKIP =
  CHROMIUM === undefined ? ' (skipped: no Chromium is installed; apt install chromium, or set CHROMIUM)' : '';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run', '--disable-quic']; // prettier-ignore

const grid = { lrs: powers(-12, 7), wds: powers(-14, 6, true), seeds: [0, 1], epochs: 10 };
const HOSTILE = '<img src=x onerror="window.hacked=1"></script><script>window.hacked=1</script>\u2028';
const base = {
  experiment: null,
  manifest: { node: '20', host: HOSTILE },
  command: 'npx adamw-bench run configs/quick.yaml',
};

describe.skipIf(CHROMIUM === undefined)(`the report page in Chromium${SKIP}`, () => {
  let browser: Browser;
  let dir: string;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'adamw-bench-page-'));
    browser = await chromium.launch({ executablePath: CHROMIUM!, args: FLAGS });
  }, 60_000);

  afterAll(async () => {
    await browser.close();
    await rm(dir, { recursive: true });
  });

  /** Opens an address; whatever the page complains about or asks of the network is collected. */
  async function open(
    url: string,
    allowed: (request: string) => boolean,
    width = 1280,
  ): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage({ viewport: { width, height: 900 } });
    const complaints: string[] = [];
    page.on('console', (m) => ['error', 'warning'].includes(m.type()) && complaints.push(m.text()));
    page.on('pageerror', (e) => complaints.push(e.message));
    page.on('request', (r) => !allowed(r.url()) && complaints.push(`request to ${r.url()}`));
    await page.goto(url);
    await page.locator('#heatmaps svg').first().waitFor();
    return { page, complaints };
  }

  const offline = (url: string): boolean => url.startsWith('file:') || url.startsWith('data:');

  /** What a reader cannot see without scrolling sideways: parts outside the page, cells outside their table's place, clipped text. */
  const cutOff = (page: Page): Promise<string[]> =>
    page.evaluate(() => {
      const wide = document.documentElement.clientWidth;
      const outside = (what: Element, box: { left: number; right: number }) => {
        const { left, right, width } = what.getBoundingClientRect();
        return width > 0 && (left < box.left - 1 || right > box.right + 1);
      };
      const name = (e: Element) => `${e.tagName} ${(e.textContent ?? '').slice(0, 40)}`;
      const found = document.documentElement.scrollWidth > wide ? ['the page scrolls sideways'] : [];
      for (const table of document.querySelectorAll('table')) {
        const place = table.parentElement!;
        if (place.scrollWidth > place.clientWidth) found.push(`scrolls: ${name(table)}`);
        for (const cell of table.querySelectorAll('th, td, caption')) {
          if (outside(cell, place.getBoundingClientRect()) || outside(cell, { left: 0, right: wide }))
            found.push(`outside: ${name(cell)}`);
          if (cell.scrollWidth > cell.clientWidth + 1) found.push(`clipped: ${name(cell)}`);
        }
      }
      return found;
    });

  const LONG = ['SGD', 'SGDW', 'Adam', 'AdamW', 'RMSProp, centred, ', 'AdamW with a '].map(
    (label) => `${label}${label.endsWith(' ') ? 'normalized decay and warm restarts (45 epochs)' : ''}`,
  );
  const SWEEPS = {
    two: sweepRecords(grid),
    'six, some with long names,': sweepRecords({ ...grid, labels: LONG }),
    'one, with a name that has no place to break,': sweepRecords({ ...grid, labels: ['Adam'.repeat(30)] }),
  };
  it.each(Object.entries(SWEEPS))(
    'cuts off no table of %s optimizers at any width',
    async (_, records) => {
      await writeReport(dir, { ...base, records });
      const { page } = await open(pathToFileURL(join(dir, 'report.html')).href, offline);
      await page.locator('details.hints').evaluateAll((all) => {
        for (const details of all) (details as HTMLDetailsElement).open = true;
      });
      for (const width of [1300, 1024, 991, 990, 390]) {
        await page.setViewportSize({ width, height: 900 });
        expect([width, await cutOff(page)]).toEqual([width, []]);
      }
      await page.close();
    },
    300_000,
  );

  it.each([1300, 390])(
    'has the labels of the colour scale where their colours are, at %i pixels',
    async (width) => {
      await writeReport(dir, { ...base, records: sweepRecords(grid) });
      const { page } = await open(pathToFileURL(join(dir, 'report.html')).href, offline, width);
      const bar = (await page.locator('.legend .bar').boundingBox())!;
      const cells = await page
        .locator('g.cell.ok')
        .evaluateAll((all) =>
          all.map(
            (g) =>
              [
                Number(g.querySelector('text')!.textContent),
                g.querySelector('rect')!.getAttribute('fill')!,
              ] as const,
          ),
        );
      const errors = cells.map(([error]) => error);
      const [low, high] = [Math.min(...errors), Math.max(...errors)];
      const ticks = await page.locator('.legend .tick').all();
      expect(ticks.length).toBeGreaterThanOrEqual(3);
      for (const tick of ticks) {
        const value = Number(await tick.innerText());
        const box = (await tick.boundingBox())!;
        const at = (box.x + box.width / 2 - bar.x) / bar.width;
        expect(Math.abs(at - Math.log(value / low) / Math.log(high / low))).toBeLessThan(0.02);
      }
      // The bar's colour at an error is that of a square with this error.
      const stops = (
        await page.locator('.legend .bar').evaluate((e) => getComputedStyle(e).backgroundImage)
      ).match(/\d+, \d+, \d+/g)!;
      expect(stops).toHaveLength(9);
      for (const [error, fill] of cells) {
        const x = (Math.log(error / low) / Math.log(high / low)) * (stops.length - 1);
        const i = Math.min(stops.length - 2, Math.floor(x));
        const [one, two] = [stops[i]!, stops[i + 1]!].map((stop) => stop.split(', ').map(Number));
        const rgb = [1, 3, 5].map((k) => parseInt(fill.slice(k, k + 2), 16));
        rgb.forEach((v, k) =>
          expect(Math.abs(v - (one![k]! + (two![k]! - one![k]!) * (x - i)))).toBeLessThan(8),
        );
      }
      const boxes = await Promise.all(ticks.map((tick) => tick.boundingBox()));
      boxes.slice(1).forEach((box, k) => expect(box!.x).toBeGreaterThan(boxes[k]!.x + boxes[k]!.width));
      expect(boxes[0]!.x).toBeGreaterThan(0);
      await page.close();
    },
    60_000,
  );

  it.each([1300, 390])(
    'shows the losses of an import within their squares, at %i pixels',
    async (width) => {
      await writeReport(dir, { ...base, records: lossGrid(0.00123) });
      const { page, complaints } = await open(pathToFileURL(join(dir, 'report.html')).href, offline, width);
      const outside = await page.locator('g.cell.ok').evaluateAll((all) =>
        all
          .filter((g) => {
            const [box, text] = [g.querySelector('rect')!, g.querySelector('text:not(.star)')!].map((e) =>
              e.getBoundingClientRect(),
            );
            return text!.left < box!.left || text!.right > box!.right;
          })
          .map((g) => g.textContent),
      );
      expect(outside).toEqual([]);
      expect(await page.locator('#statistics caption').innerText()).toMatch(/chosen by loss\.$/);
      expect(await page.locator('body').innerText()).not.toMatch(/test error/i);
      expect(await cutOff(page)).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    },
    60_000,
  );

  it('has no scale where there is no heatmap, and all trials that are no grid', async () => {
    await writeReport(dir, { ...base, records: trialRecords(200) });
    const page = await browser.newPage({ viewport: { width: 1300, height: 900 } });
    await page.goto(pathToFileURL(join(dir, 'report.html')).href);
    await page.locator('#heatmaps p').first().waitFor();
    expect(await page.locator('#legend').innerText()).toBe('');
    expect(await page.locator('#cells .more').innerText()).toContain('of 350');
    for (const wide of [1300, 390]) {
      await page.setViewportSize({ width: wide, height: 900 });
      expect([wide, await cutOff(page)]).toEqual([wide, []]);
    }
    await page.close();
  }, 60_000);

  it('is read, hovered, clicked, sorted and walked by keyboard', async () => {
    await writeReport(dir, { ...base, records: sweepRecords({ ...grid, decay: true }) });
    const { page, complaints } = await open(pathToFileURL(join(dir, 'report.html')).href, offline);
    expect(await page.locator('#verdict p').count()).toBeGreaterThan(3);
    expect(await page.locator('#verdict').innerText()).toMatch(/AdamW.*\d/);

    const cell = page.locator('#heatmaps svg').nth(0).locator('g.cell[data-i="2"][data-j="3"]');
    await cell.hover();
    expect(await page.locator('#tip').innerText()).toMatch(/lr 2⁻¹⁰, wd 2⁻¹²: test error \d/);
    await cell.click();
    expect(await page.locator('#detail h3').innerText()).toBe('Adam at lr 2⁻¹⁰, wd 2⁻¹²');
    expect(await page.locator('#detail path.line.s0').count()).toBeGreaterThanOrEqual(2);

    await page.locator('#heatmaps svg').nth(1).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    expect(await page.locator('#detail h3').innerText()).toMatch(/^AdamW at lr/);

    const errors = async (): Promise<number[]> => {
      const texts = await page.locator('#cells tbody tr td:nth-child(4)').allInnerTexts();
      return texts.map(Number).filter(Number.isFinite);
    };
    const rising = await errors();
    expect(rising).toEqual(rising.toSorted((a, b) => a - b));
    await page.locator('#cells th button', { hasText: 'Test error' }).click();
    const falling = await errors();
    expect(falling).toEqual(falling.toSorted((a, b) => b - a));
    expect(falling[0]).toBeGreaterThan(rising[0]!);
    expect(await page.locator('#cells th[aria-sort="descending"]').innerText()).toContain('Test error');

    expect(await page.locator('#figures img').count()).toBe(5);
    const broken = await page
      .locator('#figures img')
      .evaluateAll((all) => all.filter((i) => (i as HTMLImageElement).naturalWidth === 0).length);
    expect(broken).toBe(0);
    expect(await page.locator('#command').innerText()).toBe(base.command);
    expect(complaints).toEqual([]);
    await page.close();
  }, 60_000);

  it('stays small with 20,000 cells, and draws all that it has', async () => {
    const fine = (from: number) => Array.from({ length: 100 }, (_, i) => 2 ** (from + (8 * i) / 100));
    const records = sweepRecords({ lrs: fine(-12), wds: fine(-14), seeds: [0], epochs: 10 });
    expect(records).toHaveLength(20_000);
    await writeReport(dir, { ...base, records });
    const file = join(dir, 'report.html');
    expect((await stat(file)).size).toBeLessThan(10 * 2 ** 20);
    const { page, complaints } = await open(pathToFileURL(file).href, offline);
    const squares = await page.locator('#heatmaps g.cell').count();
    expect(squares).toBeGreaterThan(10_000);
    expect(squares).toBeLessThan(14_000);
    // One star for each optimizer: the best cells are among those shown.
    expect(await page.locator('#heatmaps text.star').count()).toBe(2);
    expect(await page.locator('#facts').textContent()).toContain('of 20,000 cells shown');
    const figures = page.locator('#figures img');
    expect(await figures.count()).toBeGreaterThan(3);
    const widths = await figures.evaluateAll((all) =>
      Promise.all((all as HTMLImageElement[]).map((image) => image.decode().then(() => image.naturalWidth))),
    );
    expect(Math.min(...widths)).toBeGreaterThan(200);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('fits a phone', async () => {
    const { page, complaints } = await open(pathToFileURL(join(dir, 'report.html')).href, offline, 390);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    expect(complaints).toEqual([]);
    await page.close();
  }, 60_000);

  it('shows hostile names as text', async () => {
    const hostile = join(dir, 'hostile');
    const records = sweepRecords({ ...grid, labels: [HOSTILE, 'AdamW'] }).map((r) => ({
      ...r,
      reason: HOSTILE,
    }));
    await writeReport(hostile, { ...base, records, command: HOSTILE });
    const { page, complaints } = await open(pathToFileURL(join(hostile, 'report.html')).href, offline);
    await page.locator('#heatmaps svg').first().locator('g.cell').first().click();
    expect(await page.locator('#detail h3').innerText()).toContain('<img src=x onerror=');
    expect(await page.evaluate(() => 'hacked' in window)).toBe(false);
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  }, 60_000);

  it('compares two results', async () => {
    const records = sweepRecords(grid);
    const worse = records.map((r) => ({
      ...r,
      finalTestError: r.finalTestError === null ? null : r.finalTestError * 1.1,
    }));
    const path = join(dir, 'comparison.html');
    await writeAtomically(path, [
      renderComparison({ ...base, name: 'a', records }, { ...base, name: 'b', records: worse }),
    ]);
    const { page, complaints } = await open(pathToFileURL(path).href, offline);
    expect(await page.locator('#heatmaps svg').count()).toBe(4);
    expect(await page.locator('#comparison tbody tr').count()).toBe(2);
    expect(await page.locator('#verdict').innerText()).toMatch(/\d+ .* [\d.]+ ± [\d.]+/);
    for (const width of [1300, 390]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await cutOff(page)).toEqual([]);
    }
    expect(complaints).toEqual([]);
    await page.close();
  }, 60_000);

  it('fills while a sweep runs, keeps the selection, and survives the server', async () => {
    const all = sweepRecords(grid);
    let done = 30;
    let tell: () => void = () => undefined;
    const changes = (async function* () {
      for (;;) yield await new Promise<void>((resolve) => (tell = resolve));
    })();
    const load = () => Promise.resolve({ ...base, records: all.slice(0, done), planned: all });
    const server = await serveReport({ load, changes });
    const { page, complaints } = await open(
      server.url,
      (url) => url.startsWith(server.url) || url.startsWith('data:'),
    );
    await page.locator('#status.on').waitFor();
    expect(await page.locator('#progress').innerText()).toBe(`30 of ${String(all.length)} runs`);
    const count = await page.locator('g.cell').count();
    expect(await page.locator('.waiting rect').count()).toBeGreaterThan(20);
    await page.locator('g.cell[data-i="0"][data-j="1"]').first().click();
    const heading = await page.locator('#detail h3').innerText();

    done = all.length;
    tell();
    await page.locator('#progress', { hasText: `${String(all.length)} of` }).waitFor();
    expect(await page.locator('g.cell').count()).toBeGreaterThan(count);
    expect(await page.locator('.waiting rect').count()).toBe(0);
    expect(await page.locator('#detail h3').innerText()).toBe(heading);
    expect(complaints).toEqual([]);

    const port = Number(new URL(server.url).port);
    await server.close();
    await page.locator('#status.off').waitFor();
    const again = await serveReport({ load, port });
    await page.locator('#status.on').waitFor({ timeout: 20_000 });
    await page.close();
    await again.close();
  }, 60_000);
});
