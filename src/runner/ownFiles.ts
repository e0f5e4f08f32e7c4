/**
 * The files of a results folder: what the program writes, moves or clears there, and how each shows that the program
 * wrote it. What is not listed here is never touched.
 *
 * A figure, table or page counts as ours only in a folder that is ours by its configuration, manifest or journal: a
 * copy that somebody keeps elsewhere is theirs.
 */
import { isResolved } from '../config/toYaml.js';
import { nameOfTemporary } from '../files/atomic.js';
import { isLock } from '../files/lock.js';
import { isCellId } from '../experiment/cell.js';
import { isJournal } from './journal.js';
import { parseImportManifest } from './importManifest.js';
import { parseManifest } from './manifest.js';

/** What is known of a file when its owner is asked for. */
export interface Evidence {
  /** The file's beginning: all of it, unless it is huge. */
  readonly bytes: Buffer;
  /** Whether the folder is ours by another of its files. */
  readonly marked: boolean;
  /** The beginning of another file of the folder; undefined where there is none. */
  readonly other: (name: string) => Promise<Buffer | undefined>;
}

export interface OwnFile {
  /** From the folder, with `/`. */
  readonly name: string;
  isOurs(evidence: Evidence): boolean | Promise<boolean>;
}

/** A folder in a results folder. Any will do: only what is named as ours is touched in it. */
export interface OwnFolder {
  readonly name: string;
  readonly isFolder: true;
}

/** A file of the program's own that marks its folder as ours. */
const mark = (name: string, isOurs: OwnFile['isOurs']): OwnFile => ({ name, isOurs });

/** A file that can be made again from the journal. An empty one in a folder of ours is what a power cut left. */
const derived = (name: string, isOurs: (text: string) => boolean): OwnFile => ({
  name,
  isOurs: ({ marked, bytes }) => marked && (bytes.length === 0 || isOurs(bytes.toString())),
});

const lock = (name: string): OwnFile => ({ name, isOurs: ({ bytes }) => isLock(bytes.toString()) });

const isManifest = (text: string) =>
  typeof parseManifest(text)?.adamwBench === 'string' || parseImportManifest(text) !== undefined;

/** Those by which a folder is ours. */
export const marks: readonly OwnFile[] = [
  mark('config.yaml', ({ bytes, marked }) => isResolved(bytes.toString()) || (marked && bytes.length === 0)),
  mark(
    'manifest.json',
    ({ bytes, marked }) => isManifest(bytes.toString()) || (marked && bytes.length === 0),
  ),
  mark('runs.jsonl', ({ bytes, marked }) => isJournal(bytes, { damaged: marked })),
];

export const journalFile = marks[2]!;

const topFiles: readonly OwnFile[] = [
  ...marks,
  { name: 'runs.jsonl.damaged', isOurs: ({ marked }) => marked },
  ...['.lock', 'runs.jsonl.lock', 'manifest.json.lock'].map(lock),
];

const folder = (name: string): OwnFolder => ({ name, isFolder: true });

/**
 * What a sweep itself writes, moves or clears. Not `weights`: where that cannot be a folder, a notice says so and the
 * results count all the same.
 */
export const sweepFiles: readonly (OwnFile | OwnFolder)[] = [
  ...topFiles,
  ...['checkpoints', 'claims'].map(folder),
];

/** The first columns of each table, which no version has changed. */
const tables: readonly OwnFile[] = [
  derived('runs.csv', (text) => text.startsWith('label,optimizer,lr,wd,seed,status,final_test_error,')),
  derived('epochs.csv', (text) => text.startsWith('label,lr,wd,seed,epochs,cell,epoch,')),
  derived('decoupling.csv', (text) => text.startsWith('kind,a,b,statistic,value,')),
];

/** Only a sweep with a second stage has it. */
const confirmationTable = derived('confirmation.csv', (text) =>
  text.startsWith('label,optimizer,schedule,role,'),
);

/** Only a sweep on equations has it. */
const stepsTable = derived('steps.csv', (text) => text.startsWith('label,lr,wd,stage,runs,steps,'));

/** The names of all figures, without their endings. */
export const figureNames = [
  'heatmaps',
  'trials',
  'ridges',
  'test-error-against-training-loss',
  'learning-curves',
  'anytime',
  'decay-against-gradient',
  'best-wd-against-budget',
  'steps-to-generalise',
] as const;

/** The fonts that every figure names. */
const inOurFonts = (text: string) => text.includes('"DejaVu Sans, Verdana, sans-serif"');
const isOurSpec = (text: string) =>
  text.includes('https://vega.github.io/schema/vega-lite/') && inOurFonts(text);
const isOurSvg = (text: string) => text.startsWith('<svg') && inOurFonts(text);
const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function figureFiles(figure: string): OwnFile[] {
  const path = `figures/${figure}`;
  return [
    derived(`${path}.vl.json`, isOurSpec),
    derived(`${path}.svg`, isOurSvg),
    {
      name: `${path}.png`,
      // A PNG says nothing of itself. It is ours beside the SVG that it was drawn from.
      async isOurs({ bytes, marked, other }) {
        const svg = marked ? await other(`${path}.svg`) : undefined;
        const isPng = bytes.subarray(0, 8).equals(pngSignature) || bytes.length === 0;
        return svg !== undefined && isOurSvg(svg.toString()) && isPng;
      },
    },
  ];
}

const page = derived('report.html', (text) => text.includes(' · adamw-bench</title>'));

/** What a report writes: always the tables, the figures and the page unless it is told not to. */
export const reportFiles = ({
  figures,
  confirmation = false,
  steps = false,
}: {
  readonly figures: boolean;
  readonly confirmation?: boolean;
  readonly steps?: boolean;
}): readonly (OwnFile | OwnFolder)[] => [
  ...tables,
  ...(confirmation ? [confirmationTable] : []),
  ...(steps ? [stepsTable] : []),
  ...(figures ? [page, folder('figures'), ...figureNames.flatMap(figureFiles)] : []),
];

/** The folders in a results folder. */
export const ownFolders = ['checkpoints', 'weights', 'claims', 'figures'] as const;

const allNames = new Set(
  [...topFiles, ...reportFiles({ figures: true, confirmation: true, steps: true })].map(({ name }) => name),
);

/** Whether the program writes a file of this name in a results folder (`''`), or within one of its folders. */
export function isOwnName(within: '' | (typeof ownFolders)[number], name: string): boolean {
  if (within === 'checkpoints' || within === 'weights') {
    return name.endsWith('.safetensors') && isCellId(name.slice(0, -'.safetensors'.length));
  }
  if (within === 'claims') return name.endsWith('.lock') && isCellId(name.slice(0, -'.lock'.length));
  return allNames.has(within === '' ? name : `${within}/${name}`);
}

/** The same with the temporaries of such files, and what takes over their locks. */
export const isOwnOrTemporary: typeof isOwnName = (within, name) =>
  isOwnName(within, name) ||
  isOwnName(within, nameOfTemporary(name) ?? '') ||
  (name.endsWith('.takeover') && isOwnName(within, name.slice(0, -'.takeover'.length)));
