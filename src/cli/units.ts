/** Quantities on a command line: parsed and printed. */
import { InvalidArgumentError } from 'commander';

const seconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 };

/** "90", "90s", "10m", "2h" or "1d" in seconds. */
export function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([smhd]?)$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError('Write a time such as 90s, 10m or 2h; 0 for none.');
  const total = Number(match[1]) * seconds[match[2] || 's']!;
  // Node's timers take 2^31 - 1 milliseconds at most.
  if (total > 24 * 86400) throw new InvalidArgumentError('Write a time of at most 24d; 0 for none.');
  return total;
}

const bytes: Record<string, number> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** "512M", "4G" or "4GiB" in bytes; "0" is none. */
export function memorySize(text: string): number {
  if (text.trim() === '0') return 0;
  const match = /^(\d+(?:\.\d+)?)\s*([kmg])(?:i?b)?$/i.exec(text.trim());
  if (!match) throw new InvalidArgumentError('Write a size such as 512M or 4G; 0 for none.');
  return Number(match[1]) * bytes[match[2]!.toLowerCase()]!;
}

/** A whole number of at least `least`, and at most `most` where that is given. */
export const wholeNumber = (least: number, most?: number) => (text: string) => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > (most ?? value) || text.trim() === '') {
    const range = most === undefined ? `, ${least} or more` : ` from ${least} to ${most}`;
    throw new InvalidArgumentError(`Write a whole number${range}.`);
  }
  return value;
};

/** A number of at least 0; `example` shows one in the error. */
export const numberFromZero = (example: string) => (text: string) => {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < Infinity))
    throw new InvalidArgumentError(`Write a number, 0 or more, such as ${example}.`);
  return value;
};

/** Seconds as "45s", "12m 5s" or "3h 20m". */
export function elapsed(total: number): string {
  const whole = Math.round(total);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  return `${Math.floor(whole / 3600)}h ${Math.floor((whole % 3600) / 60)}m`;
}

/** Bytes as "9.6 MB". */
export const size = (count: number) => `${(count / 1e6).toFixed(1)} MB`;

/** The library that computes, with its version: "oneDNN 2.6.3", "tfjs 4.22.0"; empty if the version is unknown. */
export function libraryVersion({
  name,
  version,
}: {
  readonly name: string;
  readonly version?: string | undefined;
}) {
  return version === undefined ? '' : `${name === 'onednn' ? 'oneDNN' : 'tfjs'} ${version}`;
}

/** Seconds as milliseconds with one decimal. */
export const milliseconds = (seconds: number): string => `${(seconds * 1000).toFixed(1)} ms`;
