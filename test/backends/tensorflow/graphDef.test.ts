/** The graphs that we write, read by the protobuf classes that tfjs-node brings. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { attribute, graphDef } from '../../../src/backends/tensorflow/graphDef.js';
import { PACKAGE_FOLDER } from '../../../src/backends/tensorflowHome.js';
import { env, missing } from './setUp.js';

interface Reader {
  GraphDef: { deserializeBinary(bytes: Uint8Array): { toObject(): Record<string, unknown> } };
}
interface ReadAttribute {
  readonly [field: string]: unknown;
}

const folder = join(env['ADAMW_BENCH_TENSORFLOW']!, PACKAGE_FOLDER);

describe.skipIf(missing)('a graph', () => {
  const { GraphDef } = missing
    ? ({} as Reader)
    : (createRequire(import.meta.url)(join(folder, 'dist/proto/api_pb.js')) as Reader);

  /** The nodes of what was read, each attribute by its name. */
  function read(bytes: Uint8Array) {
    const { nodeList } = GraphDef.deserializeBinary(bytes).toObject() as unknown as {
      nodeList: { name: string; op: string; inputList: string[]; attrMap: [string, ReadAttribute][] }[];
    };
    return nodeList.map(({ attrMap, ...rest }) => ({ ...rest, attributes: Object.fromEntries(attrMap) }));
  }
  const readOne = (value: Buffer) =>
    read(graphDef([{ name: 'n', op: 'O', inputs: [], attributes: { a: value } }]))[0]!.attributes['a']!;

  test('has its nodes, their inputs and the names of their attributes', () => {
    const nodes = [
      { name: 'x', op: 'Placeholder', inputs: [], attributes: { dtype: attribute.type(1) } },
      { name: 'größe', op: 'Add', inputs: ['x', 'x:1'], attributes: {} },
    ];
    expect(read(graphDef(nodes))).toMatchObject([
      { name: 'x', op: 'Placeholder', inputList: [], attributes: { dtype: { type: 1 } } },
      { name: 'größe', op: 'Add', inputList: ['x', 'x:1'] },
    ]);
  });

  const whole = fc.maxSafeInteger();
  const float = fc.float({ noNaN: true });
  test('has its attributes as they were given', () => {
    fc.assert(
      fc.property(whole, float, fc.boolean(), fc.array(fc.nat()), (i, f, b, shape) => {
        expect(readOne(attribute.integer(i))['i']).toBe(i);
        expect(readOne(attribute.float(f))['f']).toBe(f);
        expect(readOne(attribute.boolean(b))['b']).toBe(b);
        const read = readOne(attribute.shape(shape))['shape'] as { dimList: { size: number }[] };
        expect(read.dimList.map(({ size }) => size)).toEqual(shape);
      }),
    );
  });

  test('has lists as they were given', () => {
    fc.assert(
      fc.property(fc.array(whole), fc.array(float), fc.array(fc.boolean()), (i, f, b) => {
        expect(readOne(attribute.integer(i))['list']).toMatchObject({ iList: i });
        expect(readOne(attribute.float(f))['list']).toMatchObject({ fList: f });
        expect(readOne(attribute.boolean(b))['list']).toMatchObject({ bList: b });
      }),
    );
  });

  test('has constants with their bytes', () => {
    const content = Buffer.from(Float32Array.of(1.5, -0, NaN).buffer);
    const tensor = readOne(attribute.tensor(1, [3], content))['tensor'] as Record<string, string | number>;
    expect(tensor).toMatchObject({ dtype: 1 });
    expect(Buffer.from(tensor['tensorContent'] as string, 'base64')).toEqual(content);
  });
});
