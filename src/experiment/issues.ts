/** What the checks of the schemas share. */
import type { z } from 'zod';

export type Context = z.core.$RefinementCtx;

/** Adds an issue. `message` follows "is VALUE: it", or the setting's name. */
export function report(ctx: Context, path: (string | number)[], message: string, hint?: string): void {
  ctx.addIssue({ code: 'custom', path, message, ...(hint === undefined ? {} : { params: { hint } }) });
}

/** zod also refines values that have issues already; a further issue would mislead. */
export function hasNoIssues(ctx: Context): boolean {
  return ctx.issues.length === 0;
}
