/** In what two results folders differ besides their optimizers and grids: what makes a comparison of them unfair. */
import type { ReportInput } from './input.js';

type Compared = Pick<ReportInput, 'records' | 'manifest'>;

/** The fingerprint of the data that a folder's runs were trained on; undefined where the manifest does not say. */
function fingerprintOf({ manifest }: Compared): string | undefined {
  const { dataset } = manifest as { dataset?: { fingerprint?: unknown } };
  return typeof dataset?.fingerprint === 'string' ? dataset.fingerprint : undefined;
}

/** The different values of a part of the cells, as one text. Empty for imported records, which have no training settings. */
const valuesOf = ({ records }: Compared, part: (cell: Record<string, unknown>) => unknown): string =>
  [
    ...new Set(
      records.map(({ cell }) => JSON.stringify(part(cell as unknown as Record<string, unknown>)) ?? ''),
    ),
  ]
    .sort()
    .join();

/** Ends of a sentence that begins with the names of the two folders. */
export function setUpDifferences(one: Compared, other: Compared): string[] {
  const parts: [string, (folder: Compared) => string | undefined][] = [
    [
      'are of different data',
      (folder) => fingerprintOf(folder) ?? valuesOf(folder, ({ dataset }) => dataset),
    ],
    ['are of different networks', (folder) => valuesOf(folder, ({ model }) => model)],
    ['have trained for different numbers of epochs', (folder) => valuesOf(folder, ({ epochs }) => epochs)],
    ['were trained on different backends', (folder) => valuesOf(folder, ({ backend }) => backend)],
    ['have batches of different sizes', (folder) => valuesOf(folder, ({ batchSize }) => batchSize)],
  ];
  return parts.flatMap(([difference, valueOf]) => {
    const [here, there] = [valueOf(one), valueOf(other)];
    return here === '' || there === '' || here === there ? [] : [difference];
  });
}
