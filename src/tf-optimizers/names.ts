/**
 * Which variable a saved name means now.
 *
 * tfjs-layers makes the names of variables unique by a suffix: `fc/kernel` of a model that is loaded beside another
 * becomes `fc/kernel_1`. So a saved name may have lost, gained or changed its suffix.
 */

const SUFFIX = /_\d+$/;
const stem = (name: string): string => name.replace(SUFFIX, '');

/**
 * How surely a saved name and a variable's name mean the same, the surest first. Only layers' variables get suffixes,
 * and their names have a slash: `w_1` and `w_2` are two names that a program chose.
 */
const SAME: readonly ((saved: string, now: string) => boolean)[] = [
  (saved, now) => saved === now,
  (saved, now) => saved === stem(now),
  (saved, now) => stem(saved) === now,
  (saved, now) => saved.includes('/') && stem(saved) === stem(now),
];

/** Whether a saved name may stand for a variable of this name. */
export const maySame = (saved: string, now: string): boolean => SAME.some((same) => same(saved, now));

/** Names that fit more than one way, so that nobody can say which is meant. */
export interface Ambiguity {
  readonly saved: readonly string[];
  readonly now: readonly string[];
}

/**
 * Finds the variable of each saved name, the surest pairs first. Each name and each variable is used once.
 *
 * @returns [saved, now] pairs, or what is ambiguous
 */
export function pairNames(
  saved: Iterable<string>,
  now: Iterable<string>,
): { pairs: Map<string, string> } | { ambiguity: Ambiguity } {
  const pairs = new Map<string, string>();
  const free = { saved: new Set(saved), now: new Set(now) };
  for (const same of SAME) {
    for (const name of [...free.saved]) {
      const found = [...free.now].filter((candidate) => same(name, candidate));
      if (found.length === 0) continue;
      const rivals = [...free.saved].filter((other) => same(other, found[0]!));
      if (found.length > 1 || rivals.length > 1) return { ambiguity: { saved: rivals, now: found } };
      pairs.set(name, found[0]!);
      free.saved.delete(name);
      free.now.delete(found[0]!);
    }
  }
  return { pairs };
}
