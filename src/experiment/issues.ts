/** What the checks of the schemas share: how a complaint is added, and when to keep quiet. */
import type { z } from 'zod';

export type Context = z.core.$RefinementCtx;

/** Adds a complaint in the check's own words; they follow "is VALUE: it", or the setting's name. */
export function report(ctx: Context, path: (string | number)[], message: string, hint?: string): void {
  ctx.addIssue({ code: 'custom', path, message, ...(hint === undefined ? {} : { params: { hint } }) });
}

/** zod refines values that already have issues; what is said of them then would mislead. */
export function hasNoIssues(ctx: Context): boolean {
  return ctx.issues.length === 0;
}
