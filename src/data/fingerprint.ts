/** The identity of what was trained on, whatever file it came in. */
import { createHash } from 'node:crypto';
import type { Split } from './dataset.js';

/** sha256 (hex) over both splits' sizes, images and labels; labels count as 16-bit little-endian numbers. */
export function fingerprint(train: Split, test: Split): string {
  const hash = createHash('sha256');
  for (const { n, images, labels } of [train, test]) {
    hash.update(`${n} ${images.length}\n`).update(images);
    const wide = Buffer.alloc(2 * n);
    labels.forEach((label, i) => wide.writeUInt16LE(label, 2 * i));
    hash.update(wide);
  }
  return hash.digest('hex');
}
