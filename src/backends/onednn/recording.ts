/**
 * A recording of native calls: which functions, on which arrays. Played again, the calls do the same to the same
 * memory, but for arrays that were inputs, or parts of inputs, which are replaced by the new ones.
 */
import { inPlace, overlap } from './inPlace.js';
import { isPooled } from './pool.js';

export type Work = (...args: never[]) => void;

/** Where in the arguments of a call an input stands, or a run of its values. */
interface Place {
  readonly argument: number;
  readonly input: number;
  readonly from: number;
  readonly length: number;
}

export interface RecordedCall {
  readonly work: Work;
  readonly args: unknown[];
  readonly places: readonly Place[];
}

export type Values = Float32Array | Int32Array;

/** The input that has the whole of `array`, and where; undefined where there is none. */
function placeOf(array: ArrayBufferView, argument: number, inputs: readonly Values[]): Place | undefined {
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
  /** What was allocated while this was recorded, and the memory that it lies in. */
  private readonly made = new Set<Float32Array>();
  private readonly memory = new Set<ArrayBufferLike>();
  /** Whether everything that was done is in it, and will be the same the next time. */
  complete = true;

  constructor(private inputs: readonly Values[]) {
    // Of an array that is two inputs, or a part of another, nobody knows which one a kernel was given.
    if (inputs.some((a, i) => inputs.some((b, k) => k < i && overlap(a, b)))) this.complete = false;
  }

  /** Whether the array has memory in common with an input. */
  isInput = (array: ArrayBufferView): boolean => this.inputs.some((input) => overlap(input, array));

  add(work: Work, args: unknown[]): void {
    const places = args.flatMap((arg, argument) => {
      if (!ArrayBuffer.isView(arg)) return [];
      const place = placeOf(arg, argument, this.inputs);
      if (!place && (this.isInput(arg) || this.isStrange(arg))) this.complete = false;
      return place ?? [];
    });
    this.calls.push({ work, args, places });
  }

  /** Of a tensor that was there before and is no input: its memory may be given to another. */
  private isStrange(array: ArrayBufferView): boolean {
    return isPooled(array) && !this.memory.has(array.buffer);
  }

  /** An array was allocated. */
  note(values: Float32Array): void {
    this.made.add(values);
    this.memory.add(values.buffer);
  }

  /** To be called once all is recorded: lets go of the inputs, and says where `results` will be found after a play. */
  finish(results: readonly Float32Array[]): Float32Array[] {
    const { calls, moved } = inPlace(this.calls, (array) => this.made.has(array), results);
    this.calls = calls;
    this.inputs = [];
    this.made.clear();
    this.memory.clear();
    this.calls.forEach(letGo);
    return results.map((values) => moved.get(values) ?? values);
  }

  /** Calls that a play makes. */
  get length(): number {
    return this.calls.length;
  }

  /** Makes the calls again, on other inputs of the same types and lengths. */
  play(inputs: readonly Values[]): void {
    for (const call of this.calls) {
      for (const { argument, input, from, length } of call.places) {
        const whole = inputs[input]!;
        call.args[argument] = length === whole.length ? whole : whole.subarray(from, from + length);
      }
      call.work(...(call.args as never[]));
      letGo(call);
    }
  }
}

/** A recording must not keep what it was once played on. */
function letGo({ args, places }: RecordedCall): void {
  for (const { argument } of places) args[argument] = undefined;
}
