/**
 * Writes a graph in the form that TensorFlow reads: a GraphDef in protobuf's wire format. Only the few messages that a
 * recorded step needs. https://protobuf.dev/programming-guides/encoding/,
 * https://github.com/tensorflow/tensorflow/blob/v2.21.0/tensorflow/core/framework/graph.proto (and node_def, attr_value,
 * tensor, tensor_shape beside it).
 */

/** A node of the graph. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `node` or `node:output`. */
  readonly inputs: readonly string[];
  /** Values as `attribute` encodes them, by their names. */
  readonly attributes: Readonly<Record<string, Buffer>>;
}

/** TensorFlow's numbers of the types that a step may use. */
export const DataType = { FLOAT: 1, INT32: 3, UINT8: 4, COMPLEX64: 8, INT64: 9, BOOL: 10 } as const;

/** The graph's producer version of TensorFlow 2.9, the oldest that tfjs-node 4.22 brings; newer ones read it too. */
const PRODUCER = 1087;

function varint(value: number): Buffer {
  let rest = BigInt.asUintN(64, BigInt(Math.trunc(value)));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 128 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
}

const tag = (field: number, wire: number): Buffer => varint((field << 3) | wire);
const integer = (field: number, value: number): Buffer => Buffer.concat([tag(field, 0), varint(value)]);

/** A field of bytes, of text or of another message. */
function bytes(field: number, content: Uint8Array | string): Buffer {
  const data = Buffer.from(content as string);
  return Buffer.concat([tag(field, 2), varint(data.length), data]);
}

function float(field: number, value: number): Buffer {
  const data = Buffer.alloc(4);
  data.writeFloatLE(value);
  return Buffer.concat([tag(field, 5), data]);
}

const message = (...fields: readonly Buffer[]): Buffer => Buffer.concat(fields);

/** TensorShapeProto: dim = 2 {size = 1}. */
const shapeOf = (shape: readonly number[]): Buffer =>
  message(...shape.map((size) => bytes(2, integer(1, size))));

/** Several values of one kind, or one. */
const oneOrList =
  <T>(write: (field: number, value: T) => Buffer, single: number, listed: number) =>
  (value: T | readonly T[]): Buffer =>
    Array.isArray(value)
      ? bytes(1, message(...(value as readonly T[]).map((one) => write(listed, one))))
      : write(single, value as T);

/** AttrValue: list = 1 {s = 2, i = 3, f = 4, b = 5, type = 6}, s = 2, i = 3, f = 4, b = 5, type = 6, shape = 7, tensor = 8. */
export const attribute = {
  text: oneOrList<string>(bytes, 2, 2),
  integer: oneOrList(integer, 3, 3),
  float: oneOrList(float, 4, 4),
  boolean: oneOrList((field: number, value: boolean) => integer(field, value ? 1 : 0), 5, 5),
  type: oneOrList(integer, 6, 6),
  shape: (shape: readonly number[]): Buffer => bytes(7, shapeOf(shape)),
  /** TensorProto: dtype = 1, tensor_shape = 2, tensor_content = 4. */
  tensor: (dtype: number, shape: readonly number[], content: Uint8Array): Buffer =>
    bytes(8, message(integer(1, dtype), bytes(2, shapeOf(shape)), bytes(4, content))),
} as const;

/** NodeDef: name = 1, op = 2, input = 3, attr = 5 (a map: key = 1, value = 2). */
const nodeDef = ({ name, op, inputs, attributes }: GraphNode): Buffer =>
  message(
    bytes(1, name),
    bytes(2, op),
    ...inputs.map((input) => bytes(3, input)),
    ...Object.entries(attributes).map(([key, value]) => bytes(5, message(bytes(1, key), bytes(2, value)))),
  );

/** GraphDef: node = 1, versions = 4 {producer = 1}. */
export const graphDef = (nodes: readonly GraphNode[]): Buffer =>
  message(...nodes.map((node) => bytes(1, nodeDef(node))), bytes(4, integer(1, PRODUCER)));
