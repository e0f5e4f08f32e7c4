/** Class-balanced subsets and label noise: the two ways a configuration changes which labels are trained on. */
import { permutation, type Stream } from '../random/stream.js';
import type { Labels } from './dataset.js';
import { DataError } from './errors.js';

/** 0, 1, .., n-1. */
export const range = (n: number): Int32Array => Int32Array.from({ length: n }, (_, i) => i);

/** How many images to take of each class: as equal as `available` and `count` allow. */
function quotas(available: readonly number[], count: number, random: Stream): number[] {
  const taken = available.map(() => 0);
  // If count is no multiple of the classes, the classes that get one more are drawn, so that none is favoured.
  const order = permutation(available.length, random);
  for (let left = count; left > 0;) {
    const open = [...order].filter((c) => taken[c]! < available[c]!);
    const each = Math.max(1, Math.floor(left / open.length));
    for (const c of open) {
      const more = Math.min(each, available[c]! - taken[c]!, left);
      taken[c]! += more;
      left -= more;
    }
  }
  return taken;
}

/**
 * `count` images with as many of each class as possible, drawn without replacement.
 * @returns their indices, ascending; all indices if `count` is undefined
 * @throws DataError if there are fewer than `count` images in `what`
 */
export function balancedSubset(
  labels: Labels,
  classes: number,
  count: number | undefined,
  random: Stream,
  what: string,
): Int32Array {
  if (count === undefined || count === labels.length) return range(labels.length);
  if (count > labels.length)
    throw new DataError(
      `${what} has ${labels.length} images, but the configuration asks for ${count}. Ask for fewer.`,
      { code: 'data-too-few' },
    );
  const members: number[][] = Array.from({ length: classes }, () => []);
  labels.forEach((label, i) => members[label]!.push(i));
  const wanted = quotas(
    members.map((list) => list.length),
    count,
    random,
  );
  const chosen = members.flatMap((list, c) => {
    const order = permutation(list.length, random);
    return Array.from(order.subarray(0, wanted[c]), (k) => list[k]!);
  });
  return Int32Array.from(chosen).sort();
}

/** The numbers 0 .. n-1 that are not in `some` (ascending). */
export function without(n: number, some: Int32Array): Int32Array {
  const rest = new Int32Array(n - some.length);
  let [at, next] = [0, 0];
  for (let i = 0; i < n; i++) {
    if (some[next] === i) next++;
    else rest[at++] = i;
  }
  return rest;
}

/** Not `slice`, which gives a view of the same memory where the labels came in a Buffer. */
const emptyLike = (labels: Labels, n: number): Labels =>
  labels instanceof Uint16Array ? new Uint16Array(n) : new Uint8Array(n);

/** The elements of `labels` at `indices`. */
export function labelsAt(labels: Labels, indices: Int32Array): Labels {
  const chosen = emptyLike(labels, indices.length);
  indices.forEach((at, i) => (chosen[i] = labels[at]!));
  return chosen;
}

/**
 * Labels with `share` of them (rounded to a whole number), drawn at random, replaced by another class, each of the
 * others being equally likely.
 */
export function withLabelNoise(labels: Labels, classes: number, share: number, random: Stream): Labels {
  const noisy = emptyLike(labels, labels.length);
  noisy.set(labels);
  const wrong = permutation(labels.length, random).subarray(0, Math.round(share * labels.length));
  for (const i of wrong) noisy[i] = (noisy[i]! + random.integer(1, classes - 1)) % classes;
  return noisy;
}
