/**
 * The gradient of max pooling. tfjs's takes the last of several equal maxima in a window; here it is the first, as on
 * the other backends, and one pass over memory instead of two.
 */
import type { WebgpuBackend } from '../tfjsBackend.js';
import { dispatch, eachValue, flat } from '../dispatch.js';
import { backend_util, MaxPoolGrad, util, type MaxPoolGradAttrs, type TensorInfo } from '../../tfjs.js';
import { replace } from './register.js';

type PoolInfo = ReturnType<typeof backend_util.computePool2DInfo>;

/** Each thread has one value of x. It looks through the windows that hold it for those whose maximum it is. */
function codeOf(info: PoolInfo): string {
  const { inHeight: H, inWidth: W, inChannels: C, outHeight: OH, outWidth: OW } = info;
  const { filterHeight: KH, filterWidth: KW, strideHeight: SH, strideWidth: SW } = info;
  const { top, left } = info.padInfo;
  return eachValue(`
  let c = i % ${C};
  let col = i / ${C} % ${W};
  let row = i / ${W * C} % ${H};
  let image = i / ${H * W * C};
  let mine = x[i];
  var sum = 0f;
  for (var wy = max(0, row + ${top} - ${KH - SH}) / ${SH}; wy <= min(${OH - 1}, (row + ${top}) / ${SH}); wy++) {
    for (var wx = max(0, col + ${left} - ${KW - SW}) / ${SW}; wx <= min(${OW - 1}, (col + ${left}) / ${SW}); wx++) {
      var isFirst = true;
      for (var ky = 0; ky < ${KH}; ky++) {
        let y = wy * ${SH} - ${top} + ky;
        if (y < 0 || y >= ${H}) { continue; }
        for (var kx = 0; kx < ${KW}; kx++) {
          let at = wx * ${SW} - ${left} + kx;
          if (at < 0 || at >= ${W}) { continue; }
          let other = x[((image * ${H} + y) * ${W} + at) * ${C} + c];
          let isBefore = y < row || (y == row && at < col);
          if (other > mine || (isBefore && other == mine)) { isFirst = false; }
        }
      }
      if (isFirst) { sum += dy[((image * ${OH} + wy) * ${OW} + wx) * ${C} + c]; }
    }
  }
  dx[i] = sum;`);
}

/** dx of pooling x to windows of `info`. */
function maxPoolGradient(backend: WebgpuBackend, x: TensorInfo, dy: TensorInfo, info: PoolInfo): TensorInfo {
  const size = util.sizeFromShape(x.shape);
  const [dx] = dispatch(backend, {
    name: 'maxPoolGradient',
    outputs: { dx: x.shape },
    inputs: [
      { name: 'x', tensor: x },
      { name: 'dy', tensor: dy },
    ],
    uniforms: { size: { i32: size } },
    wgsl: codeOf(info),
    workgroups: flat(backend, size),
  });
  return dx!;
}

export function registerMaxPool(): void {
  replace<{ dy: TensorInfo; input: TensorInfo }, MaxPoolGradAttrs>(
    MaxPoolGrad,
    ({ inputs: { dy, input }, attrs, backend }, original) => {
      const { filterSize, strides, pad, dimRoundingMode } = attrs;
      const info = backend_util.computePool2DInfo(
        input.shape as PoolInfo['inShape'],
        filterSize,
        strides,
        1,
        pad,
        dimRoundingMode,
      );
      const isFloat = input.dtype === 'float32' && dy.dtype === 'float32';
      return isFloat && util.sizeFromShape(dy.shape) > 0
        ? maxPoolGradient(backend, input, dy, info)
        : original();
    },
  );
}
