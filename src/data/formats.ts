/** From a data set's files to its two sources, and a check of one file by itself. */
import { readFile } from 'node:fs/promises';
import { readTarMembers } from './archive.js';
import type { CatalogEntry, DatasetName } from './catalog.js';
import { CIFAR10, CIFAR100, cifarSource, recordSize, refuseTwins, type CifarFormat } from './cifar.js';
import { DataError } from './errors.js';
import { gunzipIfPacked, idxSize, parseIdx } from './idx.js';
import { imagenetSource } from './imagenet32.js';
import { checkLabels } from './labels.js';
import type { Source } from './source.js';

export interface Sources {
  readonly train: Source;
  readonly test: Source;
}

/** How a data set is stored. `paths` maps the catalogue's file names to where they lie. */
interface Format {
  open(entry: CatalogEntry, paths: ReadonlyMap<string, string>): Promise<Sources>;
  /** @throws DataError if the file called `name`, lying at `path`, is not what it should be */
  check(entry: CatalogEntry, name: string, path: string): Promise<void>;
}

/** Reads one idx file, whose shape and meaning its name tells. */
async function readIdx(entry: CatalogEntry, name: string, path: string): Promise<Uint8Array> {
  const n = name.startsWith('train') ? entry.train : entry.test;
  const isLabels = name.includes('labels');
  const shape = isLabels ? [n] : [n, entry.shape.height, entry.shape.width];
  const bytes = gunzipIfPacked(await readFile(path), path, idxSize(shape));
  const data = parseIdx(bytes, path, shape);
  if (isLabels) checkLabels(data, entry.classes, path);
  return data;
}

const idx: Format = {
  async open(entry, paths) {
    const source = async (prefix: string): Promise<Source> => {
      const read = (name: string) => readIdx(entry, name, paths.get(name)!);
      const images = await read(`${prefix}-images-idx3-ubyte.gz`);
      const labels = await read(`${prefix}-labels-idx1-ubyte.gz`);
      const size = entry.shape.height * entry.shape.width;
      const gather = (indices: Int32Array) => {
        const out = new Uint8Array(indices.length * size);
        indices.forEach((index, i) => out.set(images.subarray(index * size, (index + 1) * size), i * size));
        return out;
      };
      return { labels, gather };
    };
    return { train: await source('train'), test: await source('t10k') };
  },
  async check(entry, name, path) {
    await readIdx(entry, name, path);
  },
};

/** The binary CIFAR archives: `folder` holds training files of equal size, and one test file. */
function cifar(folder: string, train: readonly string[], test: string, format: CifarFormat): Format {
  const open = async (entry: CatalogEntry, paths: ReadonlyMap<string, string>): Promise<Sources> => {
    const archive = [...paths.values()][0]!;
    const perFile = entry.train / train.length;
    const sizes = [...train.map(() => perFile), entry.test].map((n) => n * recordSize(format));
    const names = [...train, test].map((name) => `${folder}/${name}`);
    const members = await readTarMembers(archive, folder, new Map(names.map((name, i) => [name, sizes[i]!])));
    const files = names.map((name) => ({ name: `${archive}: ${name}`, bytes: members.get(name)! }));
    refuseTwins(files);
    return {
      train: cifarSource(files.slice(0, -1), perFile, format),
      test: cifarSource(files.slice(-1), entry.test, format),
    };
  };
  return {
    open,
    async check(entry, name, path) {
      await open(entry, new Map([[name, path]]));
    },
  };
}

const imagenet: Format = {
  async open(entry, paths) {
    const of = (prefix: string) => [...paths].filter(([name]) => name.startsWith(prefix)).map(([, at]) => at);
    return {
      train: await imagenetSource(of('train'), entry.train, entry.classes),
      test: await imagenetSource(of('val'), entry.test, entry.classes),
    };
  },
  async check(entry, _name, path) {
    // How many images a training file holds is not published, so the file is taken at its word here.
    const source = await imagenetSource([path], undefined, entry.classes);
    await source.gather(Int32Array.of(0));
  },
};

const batches = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);

const FORMATS: Partial<Record<DatasetName, Format>> = {
  mnist: idx,
  'fashion-mnist': idx,
  cifar10: cifar('cifar-10-batches-bin', batches, 'test_batch.bin', CIFAR10),
  cifar100: cifar('cifar-100-binary', ['train.bin'], 'test.bin', CIFAR100),
  imagenet32: imagenet,
};

/** How `entry` is stored. @throws DataError for data that are generated, not stored */
export function formatOf(entry: CatalogEntry): Format {
  const format = FORMATS[entry.name];
  if (format === undefined) throw new DataError(`${entry.name} is generated and has no files.`);
  return format;
}
