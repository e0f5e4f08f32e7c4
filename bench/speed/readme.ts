/** README's section: ratios only, for those hold on other machines better than images per second do. */
import { readFile } from 'node:fs/promises';
import { format, resolveConfig } from 'prettier';
import { writeAtomically } from '../../src/files/atomic.js';
import { decimals, markdown, percent } from '../table.js';
import type { Published } from './published.js';
import type { Spread } from './statistics.js';

const range = ({ median, min, max }: Spread) =>
  `**${decimals(median, 2)}x** (${decimals(min, 2)}–${decimals(max, 2)})`;

const factor = (value: number | undefined, n: number) =>
  value === undefined ? '' : `${decimals(value, n)}x`;

const heads = [
  'network',
  '`onednn` / PyTorch, images/s',
  'PyTorch’s best',
  '`onednn` / `wasm`, images/s',
  'of the multiply-add peak',
  'memory of a worker / PyTorch’s',
];

function machineSection({ machine, networks, threads, sweep }: Published): string[] {
  const { pytorch } = machine;
  const rows = networks.map((network) => [
    network.title,
    network.overPytorch ? range(network.overPytorch) : '',
    network.pytorch ?? '',
    factor(network.overWasm, 1),
    percent(network.shareOfPeak),
    factor(network.memoryOverPytorch, 2),
  ]);
  const peer = pytorch
    ? `PyTorch ${pytorch.version} (${pytorch.blas}, oneDNN ${pytorch.onednn}, ${pytorch.instructionSet})`
    : 'PyTorch';
  return [
    `**${machine.kind.toUpperCase()}**: ${machine.cores} cores (${machine.cpu}), oneDNN ${machine.onednn} ` +
      `(${machine.instructionSet}), against ${peer}, ${machine.date}:`,
    '',
    markdown({ heads, rows }),
    '',
    ...(sweep
      ? [
          `A whole sweep of ${sweep.cells} CNNs, start-up included: PyTorch takes ${range(sweep.overPytorch)} as long.`,
        ]
      : []),
    ...threads.map(
      (row) => `One cell of ${row.model} with ${row.threads} threads: ${range(row.overOne)} of one thread.`,
    ),
    '',
  ];
}

/** The section of all published kinds of machine. */
export const readmeSection = (all: readonly Published[]): string =>
  [
    'Whole training steps (forward, backward, AdamW; batch 128) against PyTorch in its best configuration (layout,',
    'optimizer, compiled or not, processes or threads); median and range of rounds taken in turn.',
    '',
    ...all.flatMap(machineSection),
    'The peak counts the operations of the definition: Winograd convolutions do fewer. `npm run bench` measures all of it;',
    '[docs/benchmarks.md](docs/benchmarks.md) says how,',
    '[results/bench](results/bench) has the numbers.',
  ].join('\n');

const marks = /(<!-- benchmark -->\n)[\s\S]*?(<!-- end benchmark -->)/;

/**
 * README's text with a new section between its two marks.
 * @throws Error where the marks are not there
 */
export function withSection(text: string, section: string): string {
  if (!marks.test(text))
    throw new Error(
      'README has no <!-- benchmark --> and <!-- end benchmark -->: put them where the table goes.',
    );
  return text.replace(marks, (_, open: string, close: string) => `${open}\n${section}\n\n${close}`);
}

/** Writes the section of what is published into README. @throws Error where nothing is */
export async function rewriteReadme(file: string, all: readonly Published[]): Promise<void> {
  if (all.length === 0) throw new Error('Nothing is published yet: run `npm run bench` first.');
  const text = withSection(await readFile(file, 'utf8'), readmeSection(all));
  const options = (await resolveConfig(file)) ?? {};
  await writeAtomically(file, await format(text, { ...options, parser: 'markdown' }));
}
