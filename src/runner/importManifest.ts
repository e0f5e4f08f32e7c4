/** The manifest of a folder whose records another program trained. Such a folder is for reports: nothing is trained in it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReportedError } from '../errors/reported.js';
import type { Measure } from '../experiment/importedCell.js';
import { packageVersion } from '../files/version.js';

export interface ImportManifest {
  readonly adamwBench: string;
  readonly command: string;
  /** ISO 8601, UTC. */
  readonly importedAt: string;
  readonly imported: {
    /** The name of the file, and the sha256 of its bytes. */
    readonly file: string;
    readonly sha256: string;
    readonly format: 'csv' | 'optuna';
    /** Studies of an Optuna storage. */
    readonly studies?: readonly string[];
    /** Which column was read as what. */
    readonly columns: Readonly<Record<string, string>>;
    readonly measure: Measure;
    /** What its numbers were divided by: 100 for percent. */
    readonly dividedBy: number;
    /** The error (a share) or the loss that diverged runs count as; null where none was given. */
    readonly chance: number | null;
    /** Rows that were read, and what became of them. */
    readonly rows: number;
    readonly records: number;
    readonly unfinished: number;
    readonly bad: readonly string[];
  };
}

/** `run` was told to train in a folder of an import. */
export class ImportedFolderError extends ReportedError {
  constructor(dir: string) {
    super(
      `${dir} has records that were imported from another program. They have no training settings, so nothing can be trained there.`,
      {
        code: 'imported-folder',
        remedy: `Choose another folder with --out. To see what is there: adamw-bench report ${dir}`,
      },
    );
  }
}

/** The manifest of an import that a text holds; undefined where it is none. */
export function parseImportManifest(text: string): ImportManifest | undefined {
  try {
    const manifest = JSON.parse(text) as Partial<ImportManifest> | null;
    const isWhole = typeof manifest?.adamwBench === 'string' && typeof manifest.imported?.file === 'string';
    return isWhole ? (manifest as ImportManifest) : undefined;
  } catch {
    return undefined;
  }
}

/** The manifest of an import in a folder; undefined where there is none or it cannot be read. */
export async function readImportManifest(dir: string): Promise<ImportManifest | undefined> {
  const text = await readFile(join(dir, 'manifest.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : parseImportManifest(text);
}

/** @throws ImportedFolderError where a folder's records were imported */
export async function requireNotImported(dir: string): Promise<void> {
  if ((await readImportManifest(dir)) !== undefined) throw new ImportedFolderError(dir);
}

/** The manifest of an import by this version, now. */
export const importManifest = (about: Omit<ImportManifest, 'adamwBench' | 'importedAt'>): ImportManifest => ({
  adamwBench: packageVersion,
  importedAt: new Date().toISOString(),
  ...about,
});
