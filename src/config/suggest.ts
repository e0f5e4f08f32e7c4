/** What a misspelt word was probably meant to be. */
import { closestMatch } from 'leven';

/** What other programs call our keys. */
const SYNONYMS: Readonly<Record<string, string>> = {
  learningrate: 'lr',
  alpha: 'lr',
  weightdecay: 'wd',
  decay: 'wd',
  lambda: 'wd',
  momentum: 'beta1',
  epsilon: 'eps',
  batch: 'batchSize',
  lrschedule: 'schedule',
  scheduler: 'schedule',
  network: 'model',
  data: 'dataset',
  seed: 'seeds',
  optimizer: 'optimizers',
};

const simplified = (word: string): string => word.toLowerCase().replaceAll(/[-_\s+]/g, '');

/**
 * The candidate nearest to a word: the same but for case, dashes and underscores; a known synonym; or within
 * an edit distance of about a third of its length. Undefined if none is near.
 */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const plain = simplified(word);
  const same = candidates.find((candidate) => simplified(candidate) === plain);
  if (same !== undefined) return same;
  const synonym = Object.hasOwn(SYNONYMS, plain) ? SYNONYMS[plain] : undefined;
  if (synonym !== undefined && candidates.includes(synonym)) return synonym;
  const maxDistance = Math.max(1, Math.min(3, Math.ceil(word.length / 3)));
  return word.length > 60 ? undefined : closestMatch(word, [...candidates], { maxDistance });
}
