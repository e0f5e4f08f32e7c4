/**
 * tfjs splits the long sums of a small matrix product among workgroups, which add their parts to the result in the
 * order in which they happen to end. The last bits then differ from run to run, and a run that is continued would not
 * give the bits of one that was not cut. Here one workgroup computes all of a sum. Most such products are ours
 * (kernels/matMul.ts); what is left are those with an activation that ours lacks. (tfjs's other atomic additions, in
 * scatter and segment sums, are in no network here.)
 */

/** What is used of tfjs's MatMulSplitKProgram (version 4.22.0). */
interface SplitProgram {
  shaderKey: string;
  dispatch: [number, number, number];
  splitedDimInner: number;
}

/** Changes a program that has not been compiled yet, where it is one of these. */
export function sumInOneOrder(program: object): void {
  const split = program as SplitProgram;
  if (!split.shaderKey.startsWith('matMulSplitK_')) return;
  const [x, y, parts] = split.dispatch;
  split.splitedDimInner *= parts;
  split.dispatch = [x, y, 1];
  split.shaderKey += `_${split.splitedDimInner}`;
}
