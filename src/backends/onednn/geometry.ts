/** tfjs's description of a convolution or pooling as the fifteen numbers that the addon takes. */
import type { backend_util } from '@tensorflow/tfjs-core';

/**
 * n, h, w, ci, kh, kw, co, stride h, w, dilation h, w, padding top, left, output h, w; undefined where a size is 0.
 */
export function geometry(
  info: backend_util.Conv2DInfo,
  [kh, kw]: readonly [number, number],
): Int32Array | undefined {
  const { padInfo } = info;
  const numbers = Int32Array.of(
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    kh,
    kw,
    info.outChannels,
    info.strideHeight,
    info.strideWidth,
    info.dilationHeight,
    info.dilationWidth,
    padInfo.top,
    padInfo.left,
    info.outHeight,
    info.outWidth,
  );
  const positive = numbers.every((value, i) => value > 0 || i === 11 || i === 12);
  return positive && padInfo.top >= 0 && padInfo.left >= 0 ? numbers : undefined;
}
