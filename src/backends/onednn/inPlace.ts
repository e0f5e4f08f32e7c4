/**
 * Saves the copies of a recording: where the pieces of a vector are computed and then put together, as the gradients of
 * all parameters are, they can be computed where they end up.
 */
import { interleave } from './interleave.js';
import type { RecordedCall } from './recording.js';

type Arrays = ReadonlyMap<unknown, Float32Array>;

/** Whether two arrays have memory in common. */
export const overlap = (a: ArrayBufferView, b: ArrayBufferView): boolean =>
  a.buffer === b.buffer &&
  a.byteOffset < b.byteOffset + b.byteLength &&
  b.byteOffset < a.byteOffset + a.byteLength;

/**
 * The calls without concatenations that copy no more than they need not, and what has moved: old array to new.
 * @param made whether an array was allocated while this was recorded, and so is written to before it is read
 * @param results what is read after the calls
 */
export function inPlace(
  calls: readonly RecordedCall[],
  made: (array: Float32Array) => boolean,
  results: readonly Float32Array[],
): { calls: RecordedCall[]; moved: Arrays } {
  const moved = new Map<unknown, Float32Array>();
  const kept = calls.filter((call) => {
    if ((call.work as unknown) !== interleave || call.args[1] !== 1 || call.places.length > 0) return true;
    const [whole, , , ...pieces] = call.args as [Float32Array, number, unknown, ...Float32Array[]];
    // From its first use on nobody else sees its memory, so that nobody misses it there.
    const alone = (array: Float32Array) => {
      const later = calls.slice(calls.findIndex(({ args }) => args.includes(array)));
      const others = [...later.flatMap(({ args }) => args), ...results].filter((other) => other !== array);
      return !others.some((other) => ArrayBuffer.isView(other) && overlap(array, other));
    };
    const fresh = (piece: Float32Array) => made(piece) && !moved.has(piece);
    const distinct = new Set(pieces).size === pieces.length;
    if (!distinct || !pieces.every(fresh) || ![whole, ...pieces].every(alone)) return true;
    // The memory of the whole may have been another's before.
    const target = new Float32Array(whole.length);
    let at = 0;
    for (const piece of pieces) moved.set(piece, target.subarray(at, (at += piece.length)));
    moved.set(whole, target);
    return false;
  });
  const args = (call: RecordedCall) => call.args.map((arg) => moved.get(arg) ?? arg);
  return { calls: kept.map((call) => ({ ...call, args: args(call) })), moved };
}
