/** What a sweep reports about its data. The workers load the data for training by themselves. */
import type { Experiment } from '../experiment/experiment.js';
import { catalogEntry } from '../data/catalog.js';
import { readManifest, type Manifest } from './manifest.js';
import type { SweepEvents, SweepOptions } from './sweep.js';

/** Loads the data when it is first called, and gives their warnings as notices. Throws as `loadDataset` does. */
export function dataLoader(
  { dataset }: Experiment,
  { dataDir }: SweepOptions,
  events: SweepEvents,
): () => Promise<Manifest['dataset']> {
  const load = async () => {
    const { loadDataset } = await import('../data/index.js');
    const { name, fingerprint, warnings } = await loadDataset(dataset, {
      ...(dataDir === undefined ? {} : { dataDir }),
      ...(events.onDownload ? { onProgress: events.onDownload } : {}),
    });
    for (const warning of warnings) events.onNotice?.(warning);
    return { name, fingerprint, warnings };
  };
  let loading: ReturnType<typeof load> | undefined;
  return () => (loading ??= load());
}

/**
 * What the folder's manifest says about the data, where there is nothing to train and they are generated: those cannot
 * have changed, as the cells are the same. Undefined where they are to be loaded.
 */
export async function recordedData(
  { dataset }: Experiment,
  manifest: string,
  missing: number,
): Promise<Manifest['dataset'] | undefined> {
  if (missing > 0 || catalogEntry(dataset.name).files.length > 0) return undefined;
  return (await readManifest(manifest))?.dataset;
}
