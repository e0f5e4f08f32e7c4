/**
 * The page: one HTML file that needs nothing else. Its content security policy lets exactly its own script and style
 * run (by hash), images only from inside, and no connection at all (in live mode, to its own server).
 */
import { createHash } from 'node:crypto';
import { assets } from './assets.js';
import { capitalised } from '../measure.js';
import type { PageData } from './data.js';

/** A figure to show, as SVG text. */
export interface PageFigure {
  readonly title: string;
  readonly caption: string;
  readonly svg: string;
}

export interface PageOptions {
  readonly title: string;
  readonly description: string;
  /** What to type to get these results again. */
  readonly command: string;
  readonly config: unknown;
  readonly manifest: unknown;
  readonly figures: readonly PageFigure[];
  /** A section of HTML about the second stage; empty if there is none. */
  readonly confirmation?: string;
  /** Served and updated while a sweep runs. */
  readonly live: boolean;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML, in content and in quoted attributes. Characters that no text editor shows become visible. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (c) => ENTITIES[c]!).replace(/[\u2028\u2029\0]/g, '�');

/** JSON that cannot end its script element nor break a line of a script: < > & U+2028 U+2029 are written as \u escapes. */
export const escapeJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

const hash = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The page's policy; `script` and `style` are the exact texts of its elements. */
function policy(script: string, style: string, live: boolean): string {
  return [
    "default-src 'none'",
    `script-src ${hash(script)}`,
    `style-src ${hash(style)}`,
    'img-src data:',
    ...(live ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

const pretty = (value: unknown): string => escapeHtml(JSON.stringify(value, null, 2));

function figureHtml({ title, caption, svg }: PageFigure): string {
  const source = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  return `<figure><h3>${escapeHtml(title)}</h3><p>${escapeHtml(caption)}</p><img src="${source}" alt="${escapeHtml(`${title}. ${caption}`)}" decoding="async"></figure>`;
}

const figuresHtml = (figures: readonly PageFigure[]): string =>
  figures.length === 0
    ? ''
    : `<section aria-labelledby="h-figures"><h2 id="h-figures">Figures</h2><div id="figures">\n${figures.map(figureHtml).join('\n')}\n</div></section>`;

function appendix({ command, config, manifest }: PageOptions): string {
  return `<section aria-labelledby="h-reproduce"><h2 id="h-reproduce">Reproduce</h2>
<pre id="command">${escapeHtml(command)}</pre><button type="button" id="copy">Copy</button>
<details><summary>Config</summary><pre>${pretty(config)}</pre></details>
<details><summary>Manifest</summary><pre>${pretty(manifest)}</pre></details></section>`;
}

const liveHtml = `<div id="live" role="status"><span id="status" class="off">connecting</span><span id="progress"></span></div>`;

/** HTML text of a whole page. Every name and value in it is escaped. */
export function renderPage(data: PageData, options: PageOptions): string {
  const { script, style } = assets();
  const title = escapeHtml(options.title);
  const comparison = data.comparison === undefined ? '' : '<div id="comparison"></div>';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(script, style, options.live)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>${title} · adamw-bench</title>
<style>${style}</style>
</head>
<body${options.live ? ' data-live' : ''}>
<header><h1>${title}</h1>${options.description === '' ? '' : `<p>${escapeHtml(options.description)}</p>`}<ul id="facts"></ul></header>
${options.live ? liveHtml : '<span id="progress" hidden></span>'}
<main>
<section id="verdict" aria-label="Verdict">${data.verdict.map((s) => `<p>${escapeHtml(s)}</p>`).join('')}</section>${options.confirmation ?? ''}
<noscript><p>The heatmaps and tables of this page are drawn by its script, which is switched off. The numbers are in runs.csv, the pictures in figures/.</p></noscript>
<section aria-labelledby="h-heatmaps"><h2 id="h-heatmaps">${capitalised(data.measure.name)} over learning rate and weight decay</h2>
<div id="heatmaps"></div><div id="legend"></div><div id="detail" aria-live="polite"></div></section>
<section aria-labelledby="h-statistics"><h2 id="h-statistics">Statistics</h2>${comparison}<div id="statistics"></div><div id="differences"></div></section>
${figuresHtml(options.figures)}
<section aria-labelledby="h-cells"><h2 id="h-cells">Cells</h2><div id="cells"></div></section>
${appendix(options)}
</main>
<div id="tip" role="status" hidden></div>
<script type="application/json" id="data">${escapeJson(data)}</script>
<script>${script}</script>
</body>
</html>
`;
}
