/** Text from Redis, made fit for a terminal: anyone who can write there could else move its cursor or set its title. */
import { z } from 'zod';

/** The text without control characters (Unicode's Cc), line separators and marks that reverse its direction. */
export const plain = (text: string) =>
  text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '');

/** A string, printed as it arrives after this. */
export const printable = z.string().transform(plain);
