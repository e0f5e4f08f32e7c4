/** The identity of what was trained on, whatever file it came in. */
import { createHash, type Hash } from 'node:crypto';
import type { Split } from './dataset.js';

/** OpenSSL takes at most 2 GiB at once; ImageNet32x32 has more. */
const CHUNK = 1 << 30;

function updateAll(hash: Hash, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += CHUNK) hash.update(bytes.subarray(at, at + CHUNK));
}

/** sha256 (hex) over the splits' sizes, images and labels; labels count as 16-bit little-endian numbers. */
export function fingerprint(...splits: readonly Split[]): string {
  const hash = createHash('sha256');
  for (const { n, images, labels } of splits) {
    hash.update(`${n} ${images.length}\n`);
    updateAll(hash, images);
    const wide = Buffer.alloc(2 * labels.length);
    labels.forEach((label, i) => wide.writeUInt16LE(label, 2 * i));
    hash.update(wide);
  }
  return hash.digest('hex');
}
