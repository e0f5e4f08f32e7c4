/** Why a job has failed, as BullMQ keeps it: a worker's refusal to train it is told from a failure of its training. */
import { z } from 'zod';
import { maxReasonLength } from '../experiment/record.js';
import { printable } from '../experiment/printable.js';

const refusalSchema = z.strictObject({ refused: z.string() });

/** The failed reason of a job that a worker has refused. The coordinator queues such a cell anew. */
export const refusalReason = (why: string): string =>
  JSON.stringify({ refused: why } satisfies z.infer<typeof refusalSchema>);

/** What a job's failed reason says, fit to be printed. */
export function parseFailedReason(
  reason: string | undefined,
): { readonly refused: string } | { readonly failed: string } {
  const fit = (text: string) => printable(text).slice(0, maxReasonLength);
  try {
    return { refused: fit(refusalSchema.parse(JSON.parse(reason ?? '')).refused) };
  } catch {
    return { failed: fit(reason ?? 'no reason given') };
  }
}
