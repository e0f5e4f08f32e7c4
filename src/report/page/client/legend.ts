/** The colour scale under the heatmaps, with its labels where their colours are, and the key of the marks. */
import { rampStops } from '../../ramp.js';
import { scaleLabels } from '../../scale.js';
import type { PageData } from '../data.js';
import { html } from './dom.js';

export function legend({ range, panels, measure }: PageData): HTMLElement {
  const bar = html('span', { class: 'bar', 'aria-hidden': 'true' });
  bar.style.background = `linear-gradient(to right, ${rampStops().join(',')})`;
  const labels = scaleLabels(range, measure.scale).map(({ at, text }) => {
    const label = html('span', { class: 'tick' }, text);
    label.style.left = `${String(at * 100)}%`;
    return label;
  });
  const drawn = panels.filter(({ scattered }) => !scattered);
  const marked = drawn.map((p) => p.cells.filter((c) => c.rank !== undefined).length);
  const [fewest, most] = [Math.min(...marked), Math.max(...marked)];
  const dots = most < 2 ? '' : ` · • ${fewest === most ? '' : 'up to '}${String(most)} best`;
  return html(
    'p',
    { class: 'legend' },
    html('span', { class: 'scale' }, bar, html('span', { class: 'ticks' }, ...labels)),
    html('span', {}, measure.axis),
    html('span', { class: 'key' }, `★ best${dots} · ✕ diverged`),
  );
}
