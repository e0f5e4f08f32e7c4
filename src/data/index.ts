/** What the rest of the program uses of the data. */
export type { Dataset, Labels, Split } from './dataset.js';
export { DataError } from './errors.js';
export { resolveDataDir } from './dataDir.js';
export { datasetCatalog, trainShape, type CatalogEntry, type DataFile, type DatasetName } from './catalog.js';
export type { Progress } from './download.js';
export { contentOf } from './own/ownData.js';
export { requireSameContent } from './own/content.js';
export { loadDataset, type LoadOptions } from './load.js';
export { forSeed } from './perSeed.js';
export { datasetStatus, fetchDataset, verifyDataset, type FileStatus } from './manage.js';
export {
  answersOf,
  channelStatistics,
  fillBatch,
  standardisationTable,
  type Augmentation,
  type BatchSource,
  type ChannelStatistics,
} from './batches.js';
