/**
 * A cell that another program trained: where it lies on the grid, and what its result measures. Nothing else is known
 * of its training, so it has none of the settings of a `Cell`.
 */
import { z } from 'zod';
import { idOfSettings, type Cell } from './cell.js';

/** `error`: a share of test images. `loss`: a number that is at least 0 and has no upper end. */
export const measureSchema = z.enum(['error', 'loss']);
export type Measure = z.infer<typeof measureSchema>;

const originSchema = z.object({
  /** The optimizer's name in the other program. */
  optimizer: z.string().min(1),
  /** Which of our optimizers it is; absent where it is none. */
  kind: z.enum(['adam', 'adamw', 'sgd', 'sgdw']).optional(),
  measure: measureSchema,
});
export type Origin = Readonly<z.infer<typeof originSchema>>;

export const importedCellSchema = z.object({
  /** As that of a `Cell`: a hash of all the rest. */
  id: z.string().regex(/^[0-9a-f]{16}$/),
  imported: originSchema,
  lr: z.number().positive(),
  wd: z.number().min(0),
  seed: z.int().min(0),
});

/** The settings of a `Cell` that an imported one lacks. */
type Absent = { readonly [K in Exclude<keyof Cell, 'id' | 'lr' | 'wd' | 'seed'>]?: undefined };

export interface ImportedCell extends Absent {
  readonly id: string;
  readonly imported: Origin;
  readonly lr: number;
  readonly wd: number;
  readonly seed: number;
}

/** The cell whose identity is a hash of everything else in it. */
export const identifyImported = (settings: Omit<ImportedCell, 'id'>): ImportedCell => ({
  id: idOfSettings(settings),
  ...settings,
});

/** Whether the id of an imported cell from outside matches what is in it. */
export const hasValidImportedId = ({ id, imported, lr, wd, seed }: ImportedCell): boolean =>
  idOfSettings({ imported, lr, wd, seed }) === id;
