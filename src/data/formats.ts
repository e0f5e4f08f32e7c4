/** From a data set's files to its two sources, and a check of one file by itself. */
import { readFile, stat } from 'node:fs/promises';
import { readTarMembers } from './archive.js';
import type { CatalogEntry, DatasetName } from './catalog.js';
import { CIFAR10, CIFAR100, cifarSource, recordSize, refuseDuplicates, type CifarFormat } from './cifar.js';
import { DataError, usingData } from './errors.js';
import { gunzipIfPacked, idxSize, parseIdx } from './idx.js';
import { imagenetSource } from './imagenet32.js';
import { checkLabels } from './labels.js';
import type { Source } from './source.js';
import { readUnpacked } from './unpacked.js';

export interface Sources {
  readonly train: Source;
  readonly test: Source;
}

/** Receives a sentence (without full stop) about what was skipped in a file. */
type Notice = (sentence: string) => void;

/** How a data set is stored. `paths` maps the catalogue's file names to where they lie. */
interface Format {
  open(entry: CatalogEntry, paths: ReadonlyMap<string, string>, notice?: Notice): Promise<Sources>;
  /**
   * @throws DataError if the file called `name`, lying at `path`, is not what it should be
   * @throws FileError if it cannot be read
   */
  check(entry: CatalogEntry, name: string, path: string, notice?: Notice): Promise<void>;
}

/** Reads one idx file, whose shape and meaning its name tells. */
async function readIdx(entry: CatalogEntry, name: string, path: string): Promise<Uint8Array> {
  const n = name.startsWith('train') ? entry.train : entry.test;
  const isLabels = name.includes('labels');
  const shape = isLabels ? [n] : [n, entry.shape.height, entry.shape.width];
  const bytes = gunzipIfPacked(await usingData(path, () => readFile(path)), path, idxSize(shape));
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

/** The members of a CIFAR archive, from the archive or from the folder that it was unpacked to. */
async function cifarFiles(entry: CatalogEntry, at: string, format: CifarFormat, notice?: Notice) {
  const { folder, members } = entry.files[0]!.archive!;
  const perFile = entry.train / (members.length - 1);
  const size = (n: number) => n * recordSize(format);
  const wanted = new Map(
    members.map(({ name }, i) => [`${folder}/${name}`, size(i < members.length - 1 ? perFile : entry.test)]),
  );
  const isFolder = (await usingData(at, () => stat(at))).isDirectory();
  const read = await (isFolder ? readUnpacked(at, wanted) : readTarMembers(at, folder, wanted, notice));
  return { perFile, files: [...read].map(([name, bytes]) => ({ name: `${at}: ${name}`, bytes })) };
}

/** CIFAR's binary version: training files of equal size, and one test file. */
function cifar(format: CifarFormat): Format {
  const open = async (entry: CatalogEntry, paths: ReadonlyMap<string, string>, notice?: Notice) => {
    const { perFile, files } = await cifarFiles(entry, [...paths.values()][0]!, format, notice);
    refuseDuplicates(files);
    return {
      train: cifarSource(files.slice(0, -1), perFile, format),
      test: cifarSource(files.slice(-1), entry.test, format),
    };
  };
  return {
    open,
    async check(entry, name, path, notice) {
      await open(entry, new Map([[name, path]]), notice);
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
    // The number of images in a training file is not published, so the file's own number is used.
    const source = await imagenetSource([path], undefined, entry.classes);
    await source.gather(Int32Array.of(0));
  },
};

const FORMATS: Partial<Record<DatasetName, Format>> = {
  mnist: idx,
  'fashion-mnist': idx,
  cifar10: cifar(CIFAR10),
  cifar100: cifar(CIFAR100),
  imagenet32: imagenet,
};

/** How `entry` is stored. @throws DataError for data that are generated, not stored */
export function formatOf(entry: CatalogEntry): Format {
  const format = FORMATS[entry.name];
  if (format === undefined) throw new DataError(`${entry.name} is generated and has no files.`);
  return format;
}
