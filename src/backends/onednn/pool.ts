/**
 * Recycled memory for tensors. A training step asks for the same sizes again and again; giving it fresh arrays costs
 * a page fault for every 4 KB and a garbage collection for every few, which is more than many a kernel.
 */

/** Memory for one tensor: `values` lies in `block`, aligned to a cache line. */
export interface Allocation {
  readonly values: Float32Array;
  readonly block: Block | undefined;
}

/** A piece of memory that is handed out again once all tensors in it are gone. */
export interface Block {
  readonly buffer: ArrayBuffer;
  /** Bytes before the first cache line. */
  readonly offset: number;
  readonly size: number;
  /**
   * Tensors whose values lie in it. One that others may hold on to stays counted, so that the block under its values
   * is never handed out again.
   */
  holders: number;
  freedAt: number;
  /** Whom it goes back to. */
  pool: BufferPool;
}

/** The memory of all blocks. */
const buffers = new WeakSet<ArrayBufferLike>();
/** Whether an array lies in a block of a pool, so that its content will be another's one day. */
export const isPooled = (array: ArrayBufferView): boolean => buffers.has(array.buffer);

const cacheLine = 64;
/** Below this many floats, JavaScript's own allocation is as good. */
const minPooled = 256;
/** Idle blocks that a few steps did not ask for belong to shapes that are no longer trained. */
const sweepEvery = 4096;

/** The size of a block for so many bytes: an eighth of a power of two, so that at most an eighth is wasted. */
export function blockSize(bytes: number): number {
  const grain = Math.max(cacheLine, 2 ** (Math.floor(Math.log2(bytes)) - 3));
  return Math.ceil(bytes / grain) * grain;
}

/** Free blocks by size; the most recently freed, likeliest still in the cache, goes out first. */
export class BufferPool {
  private readonly free = new Map<number, Block[]>();
  private clock = 0;
  /** Bytes in free blocks. */
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

  /** So many requests have been made, of this pool or in its stead: what none of thousands wanted is let go of. */
  tick(requests: number): void {
    const before = Math.floor(this.clock / sweepEvery);
    this.clock += requests;
    if (Math.floor(this.clock / sweepEvery) > before) this.sweep();
  }

  /** Takes a block of this pool back from one holder; once it was the last, nothing may read or write it any more. */
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

  /** Puts a block that nobody holds among the free ones. */
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

/** Blocks of a pool that are lent to one user: what he gives back is handed out to nobody else before `close`. */
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

  /** Gives every block back to the lender; those that are still held, once they are not. */
  close(): void {
    for (const block of this.reserved.splice(0)) {
      block.pool = this.source;
      if (block.holders === 0) this.source.keep(block);
    }
  }
}
