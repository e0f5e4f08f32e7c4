/** tfjs's description of a convolution or pooling as the fifteen numbers that the addon takes. */
import type { backend_util } from '@tensorflow/tfjs-core';

/** Whether the last output position reaches the input's last stride, so that no further one would fit. */
const reaches = (out: number, stride: number, field: number, size: number, before: number) =>
  (out - 1) * stride + field + stride > size + before;

/**
 * n, h, w, ci, kh, kw, co, stride h, w, dilation h, w, padding top, left, output h, w; undefined where a size is 0, or
 * the output too small, which tfjs makes it of unequal strides with a padding given in pixels.
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
  const { effectiveFilterHeight, effectiveFilterWidth } = info;
  const whole =
    reaches(info.outHeight, info.strideHeight, effectiveFilterHeight, info.inHeight, padInfo.top) &&
    reaches(info.outWidth, info.strideWidth, effectiveFilterWidth, info.inWidth, padInfo.left);
  return positive && whole && padInfo.top >= 0 && padInfo.left >= 0 ? numbers : undefined;
}
