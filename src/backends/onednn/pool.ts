/**
 * Recycled memory for tensors. A training step asks for the same sizes again and again. Fresh arrays cost a page fault
 * for every 4 KB and frequent garbage collections, which takes longer than many kernels.
 */

/** Memory for one tensor: `values` lies in `block`, aligned to a cache line. */
export interface Allocation {
  readonly values: Float32Array;
  readonly block: Block | undefined;
}

/** A piece of memory. It is handed out again when all tensors in it are gone. */
export interface Block {
  readonly buffer: ArrayBuffer;
  /** Bytes before the first cache line. */
  readonly offset: number;
  readonly size: number;
  /**
   * How many tensors have their values in it. A tensor whose values somebody may keep is never subtracted, so its
   * block is never handed out again.
   */
  holders: number;
  freedAt: number;
  pool: BufferPool;
}

const buffers = new WeakSet<ArrayBufferLike>();
/** Whether an array lies in a block of a pool, so that another tensor may overwrite it later. */
export const isPooled = (array: ArrayBufferView): boolean => buffers.has(array.buffer);

const cacheLine = 64;
/** Smaller arrays come from JavaScript's own allocation, which is as good. */
const minPooled = 256;
/** A block that was idle for so many requests, a few steps, belongs to shapes that are no longer trained. */
const sweepEvery = 4096;

/** The block size for so many bytes: steps of an eighth of a power of two waste at most an eighth. */
export function blockSize(bytes: number): number {
  const grain = Math.max(cacheLine, 2 ** (Math.floor(Math.log2(bytes)) - 3));
  return Math.ceil(bytes / grain) * grain;
}

/** Free blocks by size. The most recently freed goes out first: it is the likeliest to be in the cache. */
export class BufferPool {
  private readonly free = new Map<number, Block[]>();
  private clock = 0;
  idleBytes = 0;

  /** @param alignment gives the bytes from a buffer's start to its first cache line. */
  constructor(private readonly alignment: (buffer: ArrayBuffer) => number) {}

  /** `length` floats of undefined content. */
  take(length: number): Allocation {
    if (length < minPooled) return { values: new Float32Array(length), block: undefined };
    this.tick(1);
    const block = this.find(blockSize(length * 4));
    block.holders = 1;
    return { values: new Float32Array(block.buffer, block.offset, length), block };
  }

  /** Counts requests to this pool, or made in its place. Blocks that were idle for too many of them are dropped. */
  tick(requests: number): void {
    const before = Math.floor(this.clock / sweepEvery);
    this.clock += requests;
    if (Math.floor(this.clock / sweepEvery) > before) this.sweep();
  }

  /** Takes a block back from one holder. After the last holder, nothing may read or write it. */
  giveBack(block: Block): void {
    if (--block.holders === 0) this.keep(block);
  }

  /** A block that nobody holds. */
  find(size: number): Block {
    const block = this.free.get(size)?.pop();
    if (!block) return this.fresh(size);
    this.idleBytes -= size;
    return block;
  }

  /** Adds a block that nobody holds to the free ones. */
  keep(block: Block): void {
    block.freedAt = this.clock;
    this.idleBytes += block.size;
    const same = this.free.get(block.size);
    if (same) same.push(block);
    else this.free.set(block.size, [block]);
  }

  protected fresh(size: number): Block {
    const buffer = new ArrayBuffer(size + cacheLine);
    buffers.add(buffer);
    return { buffer, offset: this.alignment(buffer), size, holders: 0, freedAt: 0, pool: this };
  }

  private sweep(): void {
    for (const [size, blocks] of this.free) {
      const kept = blocks.filter((block) => this.clock - block.freedAt < sweepEvery);
      this.idleBytes -= size * (blocks.length - kept.length);
      if (kept.length > 0) this.free.set(size, kept);
      else this.free.delete(size);
    }
  }
}

/** Blocks of a pool, reserved for one user: until `close`, only this user gets them again. */
export class ReservedPool extends BufferPool {
  private readonly reserved: Block[] = [];

  constructor(private readonly source: BufferPool) {
    super(() => 0);
  }

  protected override fresh(size: number): Block {
    this.source.tick(1);
    const block = this.source.find(size);
    block.pool = this;
    this.reserved.push(block);
    return block;
  }

  /** Returns every block to the source; a block that is still held follows when it is free. */
  close(): void {
    for (const block of this.reserved.splice(0)) {
      block.pool = this.source;
      if (block.holders === 0) this.source.keep(block);
    }
  }
}
