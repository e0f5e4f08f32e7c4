/**
 * Sizes of workgroups and how much work each gets: the numbers to try others for on a GPU. docs/gpu.md (WebGPU: the tiles)
 * says why those of products are what they are. The sums of a kernel add up in an order that follows from these numbers and
 * the shapes alone, never from the device. So a run has the same bits on every run of one device, and another number here
 * changes the last bits of results: raise NUMERICS then.
 *
 * All fit into the least that WebGPU promises: 256 threads and 16 KiB of memory a workgroup. 256 threads are 8 warps of
 * NVIDIA or 4 to 8 waves of AMD: some six or eight such workgroups fill one of a GPU's processors.
 */
export const TILES = {
  /**
   * Sums over the rows of [rows, channels]. `widest` channels side by side, a power of two: 32 float32 are 128 bytes, a
   * whole line of memory, and leave 8 rows at a time to a workgroup. A thread takes at least `rows` rows, as merging costs
   * more than adding. At most `groups` workgroups share the work: 1024 are eight for each of the 128 processors of the
   * largest GPUs, and few enough that the second pass over their sums takes little.
   */
  sums: { threads: 256, widest: 32, rows: 8, groups: 1024 },
  /**
   * The second pass, over the sums of at most `sums.groups` workgroups. 8 channels are 32 bytes, the least that a GPU
   * reads at once; so 32 threads share the chain of sums of a channel, and many channels still give many workgroups.
   */
  finish: { threads: 256, widest: 8, rows: Infinity, groups: 1 },
  /**
   * What is computed of each element with numbers of its channel, which a thread reads once for its 8 rows or more. It
   * only streams through memory, so `groups` is far more than fit at once: the processors never wait for the last ones.
   */
  apply: { threads: 256, widest: 64, rows: 8, groups: 16_384 },
  /**
   * Rows that are worked on by themselves (layer norm, softmax). Enough neighbouring threads share a row that each has
   * about `each` of its elements: short rows fill a workgroup together, and a long row has all of its threads.
   */
  rows: { threads: 256, each: 4 },
  /**
   * The gradient of an embedding. 64 threads hold a row's part of 64 channels, and look for the row among 32 * 64 tokens
   * at a time. `groups` as above; below `tokens` tokens a workgroup, looking for a share costs more than it saves.
   */
  embedding: { threads: 64, tokens: 2048, groups: 1024 },
  /**
   * Attention. side x side threads have as many queries and keys at a time: 16 make 256 threads, and a multiplication for
   * every value that they read from the workgroup's memory, of which they need 3 KiB.
   */
  attention: { side: 16 },
} as const;

/** How one workgroup computes a block of a matrix product. */
export interface ProductTile {
  /** Size of the block that a workgroup computes. */
  readonly rows: number;
  readonly cols: number;
  /** How much of the inner axis is in the workgroup's memory at a time. */
  readonly inner: number;
  /** Size of the block that each thread keeps in registers; both are multiples of 4. */
  readonly perThread: readonly [rows: number, cols: number];
  /** Time of a multiplication, relative to the other tiles' where each fills the GPU. */
  readonly cost: number;
}

export const productTiles = {
  /** Up to 16 columns: the first stage of a ResNet, logits. It reads more than `square` for each multiplication. */
  narrow: { rows: 64, cols: 16, inner: 16, perThread: [4, 4], cost: 2.1 },
  /** The most workgroups: where there is little to do. */
  square: { rows: 32, cols: 32, inner: 16, perThread: [4, 4], cost: 2 },
  middle: { rows: 64, cols: 32, inner: 16, perThread: [8, 4], cost: 1.5 },
  wide: { rows: 64, cols: 64, inner: 16, perThread: [8, 4], cost: 1.5 },
  /** Wide networks: the fewest reads for each multiplication. */
  large: { rows: 128, cols: 64, inner: 16, perThread: [8, 8], cost: 1 },
} as const satisfies Record<string, ProductTile>;

/** Threads that fill a large GPU. */
const enoughThreads = 65_536;

/** The shortest slice of the inner axis that one workgroup takes: a shorter one reads less than it writes. */
const shortestSlice = 256;

/** Threads that add up the slices of one value, where there are more slices than that; else one thread does. */
export const sumLanes = 16;

/** Threads of a workgroup that adds up slices. */
export const sumThreads = 256;

/** A product [rows, inner] x [inner, cols]. */
export interface ProductShape {
  readonly rows: number;
  readonly cols: number;
  readonly inner: number;
}

export const threadsOf = ({ rows, cols, perThread }: ProductTile): number =>
  (rows / perThread[0]) * (cols / perThread[1]);

/** Bytes of workgroup memory, at most. Tiles that lie along the inner axis are padded, against bank conflicts. */
export const storageOf = ({ rows, cols, inner }: ProductTile): number => 16 * (rows + cols) * (inner / 4 + 1);

/** Workgroups that cover a product once. */
const blocksOf = ({ rows, cols }: ProductShape, tile: ProductTile): number =>
  Math.ceil(rows / tile.rows) * Math.ceil(cols / tile.cols);

const mostSlices = (inner: number): number => Math.max(1, Math.ceil(inner / shortestSlice));

/**
 * The tile of a product: that with the least estimated time, which is its multiplications, those beyond the edges
 * included, by their cost, and by how far its threads fill the GPU.
 * @param parts how many such products run side by side, or may: the slices of a long inner axis
 */
export function productTile(shape: ProductShape, parts: number): ProductTile {
  const time = (tile: ProductTile) => {
    const blocks = blocksOf(shape, tile);
    const filled = Math.min(1, (blocks * threadsOf(tile) * parts) / enoughThreads);
    return (blocks * tile.rows * tile.cols * tile.cost) / filled;
  };
  return Object.values<ProductTile>(productTiles).reduce((best, tile) =>
    time(tile) < time(best) ? tile : best,
  );
}

/** The tile of a product whose inner axis may be cut into slices. */
export const slicedTile = (shape: ProductShape): ProductTile => productTile(shape, mostSlices(shape.inner));

/** How the inner axis is cut: `count` slices of `length`, a multiple of the tile's; the last one may be shorter. */
export interface Slices {
  readonly count: number;
  readonly length: number;
}

/** As many slices as fill a large GPU. The shape alone decides, so that the bits are the same on every device. */
export function slicesOf(shape: ProductShape, tile: ProductTile): Slices {
  const wanted = Math.ceil(enoughThreads / (blocksOf(shape, tile) * threadsOf(tile)));
  const most = Math.min(wanted, mostSlices(shape.inner));
  const length = Math.ceil(shape.inner / most / tile.inner) * tile.inner;
  return { count: Math.max(1, Math.ceil(shape.inner / length)), length };
}

/** Whether tfjs's products, of blocks of 32 x 32, leave a GPU idle while each thread walks along a long inner axis. */
export const isStarved = ({ rows, cols, inner }: ProductShape): boolean =>
  inner >= 1024 && Math.ceil(rows / 32) * Math.ceil(cols / 32) <= 256;
