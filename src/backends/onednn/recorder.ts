/**
 * Records a computation's native calls: which functions, on which arrays. A replay makes the same calls on the same
 * memory, except for inputs and parts of inputs, which it replaces by the new ones. Kernels report to `runKernel`,
 * `noteAllocation` and `markUnrepeatable`. There is one recording at a time. replayCache.ts keeps the recordings.
 */
import { interleave } from './interleave.js';
import { isPooled } from './pool.js';

/** A function that writes to its arguments. */
export type Work = (...args: never[]) => void;
export type Values = Float32Array | Int32Array;

/** An argument that is an input, or a part of one. */
interface InputPlace {
  readonly argument: number;
  readonly input: number;
  readonly from: number;
  readonly length: number;
}

interface RecordedCall {
  readonly work: Work;
  readonly args: unknown[];
  readonly places: readonly InputPlace[];
}

const overlap = (a: ArrayBufferView, b: ArrayBufferView): boolean =>
  a.buffer === b.buffer &&
  a.byteOffset < b.byteOffset + b.byteLength &&
  b.byteOffset < a.byteOffset + a.byteLength;

/** The input that contains all of `array`, and the position in it; undefined if there is none. */
function placeOf(
  array: ArrayBufferView,
  argument: number,
  inputs: readonly Values[],
): InputPlace | undefined {
  if (!(array instanceof Float32Array || array instanceof Int32Array)) return undefined;
  const end = (one: Values) => one.byteOffset + one.byteLength;
  const input = inputs.findIndex(
    (one) => one.buffer === array.buffer && one.byteOffset <= array.byteOffset && end(array) <= end(one),
  );
  if (input < 0) return undefined;
  const from = (array.byteOffset - inputs[input]!.byteOffset) / array.BYTES_PER_ELEMENT;
  return { argument, input, from, length: array.length };
}

export class Recording {
  private calls: RecordedCall[] = [];
  /** Arrays allocated during the recording, and the memory that they lie in. */
  private readonly made = new Set<Float32Array>();
  private readonly memory = new Set<ArrayBufferLike>();
  /** Whether the recording holds everything that was done, so that a replay does the same. */
  repeatable = true;

  constructor(private inputs: readonly Values[]) {
    // If an array is two inputs, or part of another input, a call does not tell which of them it means.
    if (inputs.some((a, i) => inputs.some((b, k) => k < i && overlap(a, b)))) this.repeatable = false;
  }

  /** Whether the array shares memory with an input. */
  isInput = (array: ArrayBufferView): boolean => this.inputs.some((input) => overlap(input, array));

  add(work: Work, args: unknown[]): void {
    const places = args.flatMap((arg, argument) => {
      if (!ArrayBuffer.isView(arg)) return [];
      const place = placeOf(arg, argument, this.inputs);
      if (!place && (this.isInput(arg) || this.isForeign(arg))) this.repeatable = false;
      return place ?? [];
    });
    this.calls.push({ work, args, places });
  }

  /** Whether the array belongs to an older tensor that is no input: the pool may give its memory to another tensor. */
  private isForeign(array: ArrayBufferView): boolean {
    return isPooled(array) && !this.memory.has(array.buffer);
  }

  noteAllocation(values: Float32Array): void {
    this.made.add(values);
    this.memory.add(values.buffer);
  }

  /** Call it at the end: it drops the inputs, and returns the places where a replay leaves `results`. */
  finish(results: readonly Float32Array[]): Float32Array[] {
    const { calls, moved } = withoutCopies(this.calls, (array) => this.made.has(array), results);
    this.calls = calls;
    this.inputs = [];
    this.made.clear();
    this.memory.clear();
    this.calls.forEach(dropInputs);
    return results.map((values) => moved.get(values) ?? values);
  }

  get length(): number {
    return this.calls.length;
  }

  /** Makes the calls again, on other inputs of the same types and lengths. */
  replay(inputs: readonly Values[]): void {
    for (const call of this.calls) {
      for (const { argument, input, from, length } of call.places) {
        const whole = inputs[input]!;
        call.args[argument] = length === whole.length ? whole : whole.subarray(from, from + length);
      }
      // Calls of all kinds are in one list; runKernel saw to it that each one's arguments fit its work.
      call.work(...(call.args as never[]));
      dropInputs(call);
    }
  }
}

/** A recording must not keep the inputs of its last replay. */
function dropInputs({ args, places }: RecordedCall): void {
  for (const { argument } of places) args[argument] = undefined;
}

/**
 * Saves copies. A recording may compute the pieces of a vector and then concatenate them, as with the gradients of all
 * parameters. Then it computes the pieces at their final place.
 * @param made whether an array was allocated during the recording, and so is written to before it is read
 * @param results what is read after the calls
 * @returns the remaining calls, and which arrays have moved: old to new
 */
function withoutCopies(
  calls: readonly RecordedCall[],
  made: (array: Float32Array) => boolean,
  results: readonly Float32Array[],
): { calls: RecordedCall[]; moved: ReadonlyMap<unknown, Float32Array> } {
  const moved = new Map<unknown, Float32Array>();
  // From its first use on, no other array shares its memory, so the move changes no result.
  const isAlone = (array: Float32Array) => {
    const later = calls.slice(calls.findIndex(({ args }) => args.includes(array)));
    const others = [...later.flatMap(({ args }) => args), ...results].filter((other) => other !== array);
    return !others.some((other) => ArrayBuffer.isView(other) && overlap(array, other));
  };
  const canMove = (piece: Float32Array) => made(piece) && !moved.has(piece);
  const kept = calls.filter((call) => {
    if ((call.work as unknown) !== interleave || call.args[1] !== 1 || call.places.length > 0) return true;
    const [whole, , , ...pieces] = call.args as [Float32Array, number, unknown, ...Float32Array[]];
    const distinct = new Set(pieces).size === pieces.length;
    if (!distinct || !pieces.every(canMove) || ![whole, ...pieces].every(isAlone)) return true;
    // New memory: another array may have had that of the whole before.
    const target = new Float32Array(whole.length);
    let at = 0;
    for (const piece of pieces) moved.set(piece, target.subarray(at, (at += piece.length)));
    moved.set(whole, target);
    return false;
  });
  const args = (call: RecordedCall) => call.args.map((arg) => moved.get(arg) ?? arg);
  return { calls: kept.map((call) => ({ ...call, args: args(call) })), moved };
}

let current: Recording | undefined;

export const isRecording = (): boolean => current !== undefined;

/** Calls `work(...args)` and records the call. Everything that writes to a tensor's values goes through here. */
export function runKernel<Args extends unknown[]>(work: (...args: Args) => void, ...args: Args): void {
  work(...args);
  // The list keeps work of every kind; each is called with its own arguments again.
  current?.add(work as unknown as Work, args);
}

/** Tells the recording of a new array; the kernel that asked for it will write to it. */
export function noteAllocation(values: Float32Array): void {
  current?.noteAllocation(values);
}

/** Reports something that a recording cannot hold. */
export function markUnrepeatable(): void {
  if (current) current.repeatable = false;
}

/** Runs `compute` and records it. Must not be called during a recording. */
export function record<T>(inputs: readonly Values[], compute: () => T): { out: T; recording: Recording } {
  const recording = new Recording(inputs);
  current = recording;
  try {
    return { out: compute(), recording };
  } finally {
    current = undefined;
  }
}
