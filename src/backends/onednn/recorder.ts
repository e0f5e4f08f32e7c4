/**
 * A recording of native calls: which functions, on which arrays. Played again, the calls do the same to the same
 * memory, but for arrays that were inputs, or parts of inputs, which are replaced by the new ones.
 */

import { inPlace } from './inPlace.js';

type Work = (...args: never[]) => void;

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

/** An input's place that `array` is a part of; undefined where it is none of theirs. */
function placeOf(array: unknown, argument: number, inputs: readonly Values[]): Place | undefined {
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
  private readonly made = new Set<Float32Array>();

  constructor(private inputs: readonly Values[]) {}

  /** Whether the array's values are an input's. */
  isInput = (array: unknown): boolean => placeOf(array, 0, this.inputs) !== undefined;

  add(work: Work, args: unknown[]): void {
    const places = args.flatMap((arg, argument) => placeOf(arg, argument, this.inputs) ?? []);
    this.calls.push({ work, args, places });
  }

  /** An array was allocated. */
  note(values: Float32Array): void {
    this.made.add(values);
  }

  /** To be called once all is recorded: lets go of the inputs, and says where `results` will be found after a play. */
  finish(results: readonly Float32Array[]): Float32Array[] {
    const { calls, moved } = inPlace(this.calls, (array) => this.made.has(array), results);
    this.calls = calls;
    this.inputs = [];
    this.made.clear();
    this.calls.forEach(letGo);
    return results.map((values) => moved.get(values) ?? values);
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

let current: Recording | undefined;
let spoiled = false;

export const isRecording = (): boolean => current !== undefined;

/** Runs `work(...args)`. Whatever a kernel writes to a tensor's values goes through here, so that it can be recorded. */
export function perform<Args extends unknown[]>(work: (...args: Args) => void, ...args: Args): void {
  work(...args);
  current?.add(work as unknown as Work, args);
}

/** An array that is new, to be written to by the kernel that asked for it. */
export function allocated(values: Float32Array): void {
  current?.note(values);
}

/** Says that something happened that a recording does not hold. */
export function spoil(): void {
  spoiled = true;
}

/** Runs `compute` and records it; without a recording where it was spoiled. Not to be called while another records. */
export function record<T>(
  inputs: readonly Values[],
  compute: () => T,
): { out: T; recording: Recording | undefined } {
  const mine = new Recording(inputs);
  [current, spoiled] = [mine, false];
  try {
    const out = compute();
    return { out, recording: spoiled ? undefined : mine };
  } finally {
    current = undefined;
  }
}
