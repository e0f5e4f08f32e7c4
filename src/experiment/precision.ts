/** Training computes in float32. Settings that it would change by more than rounding are refused. */
import { fitsFloat32 } from './float32.js';
import { report, hasNoIssues, type Context } from './issues.js';
import { unsortedValues, type Axis } from './axis.js';
import type { Sections } from './size.js';
import { ownSettings, settingOf } from './optimizerSettings.js';
import type { Schedule } from './specs.js';

type Path = readonly (string | number)[];

const HINT = 'float32 holds 0 and about 1.4e-45 to 3.4e38';

/** Every setting that enters float32 arithmetic: rates, decays, eps, the factor of a schedule, the betas. */
export function checkPrecision({ grid, train, optimizers }: Sections, ctx: Context): void {
  if (!hasNoIssues(ctx)) return;
  checkAxisPrecision(grid.lr, ['grid', 'lr'], ctx);
  checkAxisPrecision(grid.wd, ['grid', 'wd'], ctx);
  checkFactor(train.schedule, ['train', 'schedule', 'factor'], ctx);
  for (const [i, optimizer] of optimizers.entries()) {
    const { lr, wd, schedule } = optimizer;
    const at = ['optimizers', i];
    if (lr !== undefined) checkAxisPrecision(lr, [...at, 'lr'], ctx);
    if (wd !== undefined) checkAxisPrecision(wd, [...at, 'wd'], ctx);
    if (schedule !== undefined) checkFactor(schedule, [...at, 'schedule', 'factor'], ctx);
    for (const [key, { kind }] of ownSettings(optimizer.name)) {
      const value = settingOf(optimizer, key);
      if (typeof value !== 'number') continue;
      (kind === 'share' || kind === 'positiveShare' ? checkBeta : checkNumber)(value, [...at, key], ctx);
    }
  }
}

function checkAxisPrecision(axis: Axis, path: Path, ctx: Context): void {
  const listed = Array.isArray(axis) ? axis : (axis.values ?? []);
  const inside = Array.isArray(axis) ? path : [...path, 'values'];
  for (const [i, value] of listed.entries()) checkNumber(value, [...inside, i], ctx);
  const spaced = unsortedValues(axis).slice(listed.length);
  const bad = spaced.find((value) => !fitsFloat32(value));
  if (bad === undefined) return;
  report(ctx, [...path], `must not reach ${bad}, which float32 rounds to ${Math.fround(bad)}`, HINT);
}

function checkFactor(schedule: Schedule, path: Path, ctx: Context): void {
  if (schedule.name === 'step') checkNumber(schedule.factor, path, ctx);
}

function checkNumber(value: number, path: Path, ctx: Context): void {
  if (!fitsFloat32(value))
    report(ctx, [...path], `must fit into float32, but rounds to ${Math.fround(value)} there`, HINT);
}

function checkBeta(beta: number, path: Path, ctx: Context): void {
  checkNumber(beta, path, ctx);
  if (Math.fround(beta) !== 1) return;
  const hint = 'the largest number below 1 is about 0.99999994 there';
  report(ctx, [...path], 'must be below 1 in float32 too, but rounds to 1 there', hint);
}
