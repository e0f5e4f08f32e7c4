/** The oldest Node that the program runs on, as in package.json. */
export const oldest = '20.19';

/**
 * Why a version of Node cannot be used, as a sentence; undefined where it can. This file and adamw-bench.js keep to what
 * Node 12 can read: what comes after them need not.
 */
export function refusalOf(version) {
  const [major, minor] = version.split('.').map(Number);
  const [needed, neededMinor] = oldest.split('.').map(Number);
  if (major > needed || (major === needed && minor >= neededMinor)) return undefined;
  return (
    'adamw-bench needs Node ' +
    oldest +
    ' or later; this is Node ' +
    version +
    '. Install a later one, e.g. from https://nodejs.org, and try again.'
  );
}
