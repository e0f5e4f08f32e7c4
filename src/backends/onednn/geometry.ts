/** A convolution or pooling as the fifteen numbers that the addon takes. */
import type { backend_util } from '@tensorflow/tfjs-core';

/** Whether the last output position uses the last stride of the input, so that no further one would fit. */
const reaches = (out: number, stride: number, field: number, size: number, before: number) =>
  (out - 1) * stride + field + stride > size + before;

/**
 * n, h, w, ci, kh, kw, co, stride h, w, dilation h, w, padding top, left, output h, w. Undefined if a size is 0, the
 * padding larger than the window, or the output too small, as tfjs makes it of unequal strides and a padding in pixels.
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
  const { top, left } = padInfo;
  const padded = top >= 0 && left >= 0 && top <= effectiveFilterHeight && left <= effectiveFilterWidth;
  return positive && whole && padded ? numbers : undefined;
}
