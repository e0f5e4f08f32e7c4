/**
 * The buffers that recorded kernels work in. It takes the place of tfjs's buffer manager while a computation is recorded.
 * A buffer that an operation has left serves a later one of the same recording, as the order of the two is fixed. What is
 * written only once, as the recording is made, keeps its buffer: constants and the numbers of a kernel.
 */

/** What is used of tfjs's buffer manager. */
export interface BufferManager {
  readonly numBytesUsed: number;
  readonly numBytesAllocated: number;
  acquireBuffer(
    size: number,
    usage: GPUBufferUsageFlags,
    mappedAtCreation?: boolean,
    reuse?: boolean,
  ): GPUBuffer;
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
}

export class RecordingPool implements BufferManager {
  private readonly owned = new Set<GPUBuffer>();
  private readonly intermediates = new Set<GPUBuffer>();
  private readonly free = new Map<string, GPUBuffer[]>();
  numBytesAllocated = 0;

  constructor(
    private readonly device: GPUDevice,
    /** Where buffers belong that were there before. */
    private readonly outer: BufferManager,
  ) {}

  /** All of it stays in use. */
  get numBytesUsed(): number {
    return this.numBytesAllocated;
  }

  acquireBuffer(size: number, usage: GPUBufferUsageFlags, mappedAtCreation = false): GPUBuffer {
    const isIntermediate = !mappedAtCreation && (usage & GPUBufferUsage.UNIFORM) === 0;
    const left = isIntermediate ? this.free.get(keyOf(size, usage))?.pop() : undefined;
    if (left) return left;
    const buffer = this.device.createBuffer({ size, usage, mappedAtCreation });
    this.numBytesAllocated += size;
    this.owned.add(buffer);
    if (isIntermediate) this.intermediates.add(buffer);
    return buffer;
  }

  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void {
    if (!this.owned.has(buffer)) {
      this.outer.releaseBuffer(buffer, reuse);
      return;
    }
    if (!this.intermediates.has(buffer)) return;
    const key = keyOf(buffer.size, buffer.usage);
    const left = this.free.get(key);
    if (left) left.push(buffer);
    else this.free.set(key, [buffer]);
  }

  owns(buffer: GPUBuffer): boolean {
    return this.owned.has(buffer);
  }

  destroy(): void {
    for (const buffer of this.owned) buffer.destroy();
    this.owned.clear();
  }
}

const keyOf = (size: number, usage: number): string => `${size} ${usage}`;
