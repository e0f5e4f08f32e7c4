/** The safetensors container: others can read it, and no damage goes unnoticed. */
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeSafetensors, type Container } from '../../src/files/safetensors.js';

const vector = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });
const sample: Container = {
  tensors: {
    theta: { shape: [2, 3], data: Float32Array.from([1, 2, 3, 4, 5, 6.5]) },
    empty: vector(),
    scalar: { shape: [], data: Float32Array.of(-0) },
  },
  metadata: { format: 'test', position: '{"epoch":3}' },
};

const anyContainer: fc.Arbitrary<Container> = fc.record({
  tensors: fc.dictionary(
    fc.string({ unit: 'binary', maxLength: 8 }).filter((name) => name !== '__metadata__'),
    fc.float32Array({ maxLength: 9 }).map((data) => ({ shape: [data.length], data })),
    { maxKeys: 4 },
  ),
  metadata: fc.dictionary(
    fc.string({ maxLength: 8 }).filter((key) => key !== 'sha256'),
    fc.string({ unit: 'binary', maxLength: 20 }),
  ),
});

/** A container written by hand: what another program, or an attacker, may send. */
function raw(header: unknown, body: Uint8Array, length?: bigint): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(length ?? BigInt(json.length));
  return Buffer.concat([size, json, body]);
}

describe('encoding', () => {
  it('is undone by decoding', () => {
    fc.assert(
      fc.property(anyContainer, (container) => {
        const back = decodeSafetensors(encodeSafetensors(container));
        expect({ ...back.metadata }).toEqual({ ...container.metadata });
        expect(Object.keys(back.tensors).sort()).toEqual(Object.keys(container.tensors).sort());
        for (const [name, { data, shape }] of Object.entries(container.tensors)) {
          expect(Object.getOwnPropertyDescriptor(back.tensors, name)?.value).toEqual({ shape, data });
        }
      }),
    );
  });

  it('follows the format: length, JSON padded with spaces to 8 bytes, tensors end to end', () => {
    const bytes = Buffer.from(encodeSafetensors(sample));
    const length = Number(bytes.readBigUInt64LE(0));
    expect((8 + length) % 8).toBe(0);
    const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, object>;
    expect(bytes[8]).toBe('{'.charCodeAt(0));
    expect(header.theta).toEqual({ dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] });
    expect(header.scalar).toEqual({ dtype: 'F32', shape: [], data_offsets: [24, 28] });
    expect(bytes.length).toBe(8 + length + 28);
    expect(bytes.readFloatLE(8 + length + 20)).toBe(6.5);
  });

  it('refuses a shape that does not fit its data, and the name that is the format’s own', () => {
    const data = new Float32Array(3);
    expect(() => encodeSafetensors({ tensors: { a: { shape: [2, 2], data } }, metadata: {} })).toThrow(
      /\ba\b.*\[2, 2\].*\b3\b/,
    );
    expect(() => encodeSafetensors({ tensors: { __metadata__: vector(1) }, metadata: {} })).toThrow(
      '__metadata__',
    );
  });

  it('gives what another program reads by the format’s description', ({ skip }) => {
    const program = `
import sys, json, struct
b = sys.stdin.buffer.read()
n = struct.unpack('<Q', b[:8])[0]
h = json.loads(b[8:8+n]); m = h.pop('__metadata__')
out = {k: list(struct.unpack('<%df' % ((v['data_offsets'][1]-v['data_offsets'][0])//4), b[8+n+v['data_offsets'][0]:8+n+v['data_offsets'][1]])) for k, v in h.items()}
print(json.dumps([m['format'], out['theta']]))`;
    const { stdout, error } = spawnSync('python3', ['-c', program], { input: encodeSafetensors(sample) });
    if (error) skip('python3 is not here');
    expect(JSON.parse(stdout.toString())).toEqual(['test', [1, 2, 3, 4, 5, 6.5]]);
  });
});

describe('decoding', () => {
  const bytes = Buffer.from(encodeSafetensors(sample));

  it('refuses it cut anywhere, or with anything behind it', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length))).toThrow();
    }
    expect(() => decodeSafetensors(Buffer.concat([bytes, Buffer.alloc(1)]))).toThrow(/length/);
  });

  it('with any bit flipped refuses, or gives the same content', () => {
    const name = bytes.indexOf('"sha256"');
    let accepted = 0;
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bad = Buffer.from(bytes);
        bad[at] = bad[at]! ^ (1 << bit);
        let back: Container;
        try {
          back = decodeSafetensors(bad);
        } catch {
          continue;
        }
        // Only a flip in the name of the checksum goes unnoticed: it makes it an unknown remark.
        accepted++;
        expect(at).toBeGreaterThan(name);
        expect(at).toBeLessThan(name + 7);
        expect(back.tensors).toEqual(sample.tensors);
        expect(back.metadata).toMatchObject(sample.metadata);
      }
    }
    expect(accepted).toBeGreaterThan(0);
  });

  it('reads what other writers write: no checksum, tensors listed in any order', () => {
    const body = Buffer.from(Float32Array.of(1, 2, 3).buffer);
    const header = {
      b: { dtype: 'F32', shape: [1], data_offsets: [8, 12] },
      a: { dtype: 'F32', shape: [2, 1], data_offsets: [0, 8] },
    };
    expect(decodeSafetensors(raw(header, body))).toEqual({
      metadata: {},
      tensors: {
        a: { shape: [2, 1], data: Float32Array.of(1, 2) },
        b: { shape: [1], data: Float32Array.of(3) },
      },
    });
  });

  const one = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };
  const four = Buffer.alloc(4);
  it.each([
    ['another type', raw({ a: { ...one, dtype: 'F16' } }, four), /\ba\b.*F16/],
    ['tensors that overlap', raw({ a: one, b: one }, four), /tensor [ab]\b/],
    ['a gap', raw({ a: { ...one, data_offsets: [4, 8] } }, Buffer.alloc(8)), /tensor [ab]\b/],
    ['a tensor beyond the end', raw({ a: one }, Buffer.alloc(3)), /tensor [ab]\b/],
    ['a shape that is too large', raw({ a: { ...one, shape: [2 ** 40, 2 ** 40] } }, four), /tensor [ab]\b/],
    ['a negative size', raw({ a: { ...one, shape: [-1] } }, four), /entry a\b/],
    ['three offsets', raw({ a: { ...one, data_offsets: [0, 4, 8] } }, four), /entry a\b/],
    ['bytes of nobody', raw({ a: one }, Buffer.alloc(8)), /length/],
    ['metadata that are no text', raw({ __metadata__: { a: 1 } }, Buffer.alloc(0)), /metadata/],
    ['a header that is a list', raw('[]', four), /header/],
    ['a header that is no JSON', raw('{', four), /JSON/],
    ['a header longer than the file', raw({}, four, 2n ** 63n), /header/],
    ['a checksum of another length', raw({ __metadata__: { sha256: '' } }, Buffer.alloc(0)), /checksum/],
  ])('refuses %s', (_what, file, message) => {
    expect(() => decodeSafetensors(file)).toThrow(message);
  });
});
