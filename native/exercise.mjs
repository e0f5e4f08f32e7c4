// Calls every native kernel over many shapes, on buffers that are exactly as long as they must be, for a memory
// checker to watch (check-memory.sh). Values are not checked here; the tests do that.
//   node native/exercise.mjs [addon file]
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const file = process.argv[2] ?? fileURLToPath(new URL('build/Release/adamw_onednn.node', import.meta.url));
const addon = createRequire(import.meta.url)(file);

const floats = (n) => new Float32Array(new ArrayBuffer(4 * n)).fill(0.5);
const channels = [1, 3, 8, 16, 17, 32, 40];

function convolutions() {
  for (const ci of channels) {
    for (const co of channels) {
      for (const [h, w, kh, kw, s, p] of [
        [5, 7, 3, 3, 1, 1],
        [6, 5, 3, 2, 2, 1],
        [4, 9, 1, 1, 2, 0],
        [6, 8, 3, 3, 1, 1],
        [28, 28, 3, 3, 1, 1],
        [6, 6, 3, 3, 1, 2],
        [8, 4, 3, 3, 1, 0],
        [8, 3, 5, 3, 1, 2],
        [3, 3, 2, 2, 3, 0],
      ]) {
        const out = (size, k) => Math.floor((size + 2 * p - k) / s) + 1;
        const [oh, ow] = [out(h, kh), out(w, kw)];
        const geometry = Int32Array.of(2, h, w, ci, kh, kw, co, s, s, 1, 1, p, p, oh, ow);
        const [x, filter, y] = [floats(2 * h * w * ci), floats(kh * kw * ci * co), floats(2 * oh * ow * co)];
        addon.conv2d(geometry, x, filter, floats(co), true, y);
        addon.conv2dInputGradient(geometry, y, filter, floats(x.length));
        addon.conv2dFilterGradient(geometry, x, y, floats(filter.length));
        for (const size of [1, 2, 3]) {
          const pooled = 2 * Math.floor(oh / size) * Math.floor(ow / size) * co;
          const [out, where] = [floats(pooled), new Uint8Array(pooled)];
          addon.conv2dReluMaxPool(geometry, size, x, filter, floats(co), out, where);
          addon.unpool(2, oh, ow, co, size, out, where, y, floats(co));
        }
        if (ci !== co) continue;
        addon.maxPool(geometry, x, y);
        addon.avgPool(geometry, x, y);
        addon.maxPoolGradient(geometry, y, x, floats(x.length));
        addon.avgPoolGradient(geometry, y, floats(x.length));
      }
    }
  }
}

function products() {
  for (const [m, k, n] of [
    [1, 1, 1],
    [7, 5, 16],
    [33, 17, 10],
  ]) {
    for (const ta of [false, true]) {
      for (const tb of [false, true]) {
        const [a, b, c] = [floats(m * k), floats(2 * k * n), floats(2 * m * n)];
        addon.matmul(1, 2, m, k, n, ta, tb, a, b, floats(n), true, c);
      }
    }
  }
}

function vectors() {
  for (const n of [1, 7, 16, 33, 1000]) {
    const [a, b, out] = [floats(n), floats(n), floats(n)];
    addon.relu(a, out);
    addon.reluGradient(a, b, out);
    for (const operation of [0, 1, 2, 3]) {
      addon.binary(operation, 1, 1, 1, n, 0, 0, a, b, out);
      addon.binary(operation, 1, 1, 3, n, 4, 8, a, floats(3), floats(3 * n));
    }
    addon.adamStep(
      n,
      0.9,
      0.99,
      0.5,
      0.5,
      0.1,
      1e-8,
      0.1,
      0.1,
      a,
      b,
      a,
      b,
      floats(n),
      out,
      floats(n),
      floats(n),
    );
    addon.sgdStep(n, 0.9, 1, 0.1, 0.1, 0.1, a, b, a, null, out, floats(n));
  }
}

function matrices() {
  for (const c of channels) {
    for (const rows of [1, 5, 300]) {
      const image = () => floats(rows * c);
      const vector = () => floats(c);
      for (const residual of [image(), null]) {
        const [x, y, mean, variance] = [image(), image(), vector(), vector()];
        addon.batchNormTrain(rows, c, 1e-5, true, x, vector(), vector(), residual, y, mean, variance);
        const gradients = [image(), vector(), vector(), residual && image()];
        addon.batchNormTrainGradient(
          rows,
          c,
          1e-5,
          x,
          x,
          residual && y,
          vector(),
          mean,
          variance,
          ...gradients,
        );
        addon.batchNormInference(rows, c, 1e-5, x, mean, variance, vector(), null, y);
      }
      addon.biasReluGradient(rows, c, true, image(), image(), image(), vector());
      addon.sum(2, rows, c, 0.5, floats(2 * rows * c), floats(2 * c));
      addon.sum(rows, c, 1, 1, image(), floats(rows));
      const labels = Int32Array.from({ length: rows }, (_, i) => i % c);
      addon.softmaxCrossEntropy(rows, c, image(), labels, floats(1), image());
    }
  }
}

function transformer() {
  for (const c of [1, 7, 8, 33]) {
    for (const rows of [1, 5, 130]) {
      const [x, mean, inverse] = [floats(rows * c), floats(rows), floats(rows)];
      addon.layerNorm(rows, c, 1e-5, x, floats(c), floats(c), floats(rows * c), mean, inverse);
      addon.layerNormGradient(
        rows,
        c,
        x,
        x,
        floats(c),
        mean,
        inverse,
        floats(rows * c),
        floats(c),
        floats(c),
      );
      addon.gelu(rows * c, x, floats(rows * c));
      addon.geluGradient(rows * c, x, x, floats(rows * c));
      const tokens = Float32Array.from({ length: rows }, (_, i) => i % 3);
      addon.embedding(rows, 3, c, tokens, floats(3 * c), floats(rows * c));
      addon.embeddingGradient(rows, 3, c, tokens, x, floats(3 * c));
    }
    for (const causal of [false, true]) {
      const [b, t, heads] = [2, 9, 3];
      const [qkv, y, weights] = [floats(b * t * 9 * c), floats(b * t * 3 * c), floats(b * heads * t * t)];
      addon.attention(b, t, 3 * c, heads, causal, qkv, y, weights);
      addon.attentionGradient(b, t, 3 * c, heads, causal, y, qkv, weights, floats(b * t * 9 * c));
    }
  }
}

addon.alignment(new ArrayBuffer(100));
for (const threads of [1, 2]) {
  addon.setThreads(threads);
  convolutions();
  products();
  vectors();
  matrices();
  transformer();
}
console.log('exercised', Object.keys(addon).length, 'functions with the kernels', addon.facts().kernels);
