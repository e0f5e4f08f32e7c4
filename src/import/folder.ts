/** The folder of an import: a manifest that says so, and a journal like that of any results folder. */
import { stat } from 'node:fs/promises';
import { writeAtomically } from '../files/atomic.js';
import { makeFolder } from '../files/folder.js';
import { claimLock } from '../files/lock.js';
import { explainingFiles } from '../files/problem.js';
import { measureOf } from '../experiment/record.js';
import {
  DirectoryError,
  encodeLine,
  importManifest,
  layout,
  moveOrChoose,
  readImportManifest,
  requireOwn,
  sweepFiles,
} from '../runner/index.js';
import type { Reading } from './read.js';

export interface FolderOptions {
  readonly dir: string;
  /** What the user typed. */
  readonly command: string;
  /** Replace the records of an earlier import. */
  readonly force: boolean;
}

/**
 * Writes a results folder that `report` and `compare` read, and in which nothing is trained.
 * @throws ForeignFiles where files in it are somebody else's; DirectoryError where it has results already or is in use;
 * FileError where it cannot be written
 */
export async function writeFolder(reading: Reading, { dir, command, force }: FolderOptions): Promise<void> {
  const paths = layout(dir);
  const remedy = 'Choose another folder with --out.';
  await explainingFiles(
    dir,
    async () => {
      await requireOwn(dir, sweepFiles, moveOrChoose);
      await requireRoom(dir, force);
      await makeFolder(dir);
      const claim = await claimLock(paths.lock);
      if (!('release' in claim)) throw new DirectoryError(`${dir} is in use by another process. ${remedy}`);
      try {
        await writeAtomically(paths.manifest, `${JSON.stringify(manifestOf(reading, command), null, 2)}\n`);
        await writeAtomically(paths.journal, linesOf(reading));
      } finally {
        await claim.release();
      }
    },
    { remedy },
  );
}

/** Refuses a folder with results, unless they are of an import and may be replaced. */
async function requireRoom(dir: string, force: boolean): Promise<void> {
  const { journal, config } = layout(dir);
  const isThere = async (file: string) => (await stat(file).catch(() => undefined)) !== undefined;
  const hasConfig = await isThere(config);
  if (!hasConfig && !(await isThere(journal))) return;
  const isImport = !hasConfig && (await readImportManifest(dir)) !== undefined;
  if (isImport && force) return;
  throw new DirectoryError(
    isImport
      ? `${dir} has an earlier import. Add --force to replace it, or choose another folder with --out.`
      : `${dir} has results of adamw-bench run. Choose another folder with --out.`,
  );
}

function* linesOf({ records }: Reading): Generator<Buffer> {
  for (const record of records) yield Buffer.from(encodeLine(record));
}

const manifestOf = (reading: Reading, command: string) =>
  importManifest({
    command,
    imported: {
      file: reading.file,
      sha256: reading.sha256,
      format: reading.table.format,
      ...(reading.table.studies === undefined ? {} : { studies: reading.table.studies }),
      columns: reading.columns as Readonly<Record<string, string>>,
      measure: measureOf(reading.records),
      dividedBy: reading.percent ? 100 : 1,
      chance: reading.chance,
      rows: reading.table.rows.length,
      records: reading.records.length,
      unfinished: reading.unfinished,
      bad: reading.bad.map(({ place, problem }) => `${place}: ${problem}`),
    },
  });
