/** A recording as a function of TensorFlow: a graph under a name, which runs as one operation. */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Binding, FunctionsAddon, NodeBackend, OpAttribute, TensorMetadata } from './binding.js';
import { DataType, attribute, graphDef, type GraphNode } from './graphDef.js';
import type { Operation, Recording, Source } from './recorder.js';

/** Integers from outside up to this many elements are shapes and axes: XLA must know them when it compiles. */
const SMALL = 64;

/** Attributes that eager execution finds by itself and a graph must name: the type of an input, by its position. */
const IMPLIED: Readonly<Record<string, Readonly<Record<string, number>>>> = { ExpandDims: { T: 0 } };

const typeNames = new Map<number, string>(Object.entries(DataType).map(([name, number]) => [number, name]));

type Encode = (value: never) => Buffer;

/** What encodes the attributes of each of the binding's types. */
const encodersOf = (binding: Binding): ReadonlyMap<number, Encode> =>
  new Map<number, Encode>([
    [binding.TF_ATTR_STRING, attribute.text],
    [binding.TF_ATTR_INT, attribute.integer],
    [binding.TF_ATTR_FLOAT, attribute.float],
    [binding.TF_ATTR_BOOL, attribute.boolean],
    [binding.TF_ATTR_TYPE, attribute.type],
    [binding.TF_ATTR_SHAPE, attribute.shape],
  ]);

/** Builds the graph of a recording node by node. */
class GraphOf {
  readonly nodes: GraphNode[] = [];
  /** Names of the inputs, in their order. */
  readonly inputNames: string[] = [];
  /** What each of them stands for: an input of the recording by its position, or a tensor from outside by its id. */
  readonly inputs: ({ readonly position: number } | { readonly id: number })[] = [];
  /** Names of inputs, constants and tensors from outside, by id. */
  private readonly named = new Map<number, string>();
  private readonly encoders: ReadonlyMap<number, Encode>;

  constructor(
    private readonly binding: Binding,
    private readonly recording: Recording,
  ) {
    this.encoders = encodersOf(binding);
    recording.operations.forEach((operation, index) => this.addOperation(operation, index));
  }

  private add(name: string, op: string, inputs: readonly string[], attributes: GraphNode['attributes']) {
    this.nodes.push({ name, op, inputs, attributes });
    return name;
  }

  private addInput(
    { dtype, shape }: Pick<TensorMetadata, 'dtype' | 'shape'>,
    stands: GraphOf['inputs'][number],
  ): string {
    const name = `input${this.inputs.length}`;
    this.inputNames.push(name);
    this.inputs.push(stands);
    return this.add(name, 'Placeholder', [], {
      dtype: attribute.type(dtype),
      shape: attribute.shape(shape),
    });
  }

  private addConstant(dtype: number, shape: readonly number[], content: Uint8Array): string {
    if (!typeNames.has(dtype)) throw new Error(`a constant of TensorFlow's type ${dtype}`);
    return this.add(`constant${this.nodes.length}`, 'Const', [], {
      dtype: attribute.type(dtype),
      value: attribute.tensor(dtype, shape, content),
    });
  }

  private addOutside({ held }: Extract<Source, { from: 'outside' }>): string {
    const { id, dtype, shape } = held;
    const size = shape.reduce((product, n) => product * n, 1);
    if (dtype === DataType.INT32 && size <= SMALL) {
      const { buffer, byteOffset, byteLength } = this.binding.tensorDataSync(id);
      return this.addConstant(dtype, shape, new Uint8Array(buffer, byteOffset, byteLength));
    }
    return this.addInput(held, { id });
  }

  /** The name of a tensor in the graph. */
  nameOf(source: Source): string {
    if (source.from === 'operation') {
      const { index, output } = source;
      const name = operationName(this.recording.operations[index]!, index);
      return output === 0 ? name : `${name}:${output}`;
    }
    let name = this.named.get(source.id);
    if (name === undefined) {
      name = this.addFirst(source);
      this.named.set(source.id, name);
    }
    return name;
  }

  private addFirst(source: Exclude<Source, { from: 'operation' }>): string {
    if (source.from === 'outside') return this.addOutside(source);
    if (source.from === 'input')
      return this.addInput(this.recording.inputs[source.index]!, { position: source.index });
    return this.addConstant(source.constant.dtype, source.constant.shape, source.constant.content);
  }

  private addOperation(operation: Operation, index: number): void {
    const inputs = operation.inputs.map((source) => this.nameOf(source));
    const given = operation.attributes.map((one) => [one.name, this.encode(operation, one)] as const);
    this.add(operationName(operation, index), operation.name, inputs, {
      ...this.implied(operation),
      ...Object.fromEntries(given),
    });
  }

  private encode(operation: Operation, { name, type, value }: OpAttribute): Buffer {
    const encode = this.encoders.get(type);
    if (!encode) throw new Error(`the attribute ${name} of ${operation.name} has an unknown type`);
    // The encoder was found by the attribute's type, so that the value is of its kind.
    return encode(value as never);
  }

  private implied({ name, inputs }: Operation): Record<string, Buffer> {
    const entries = Object.entries(IMPLIED[name] ?? {});
    return Object.fromEntries(
      entries.map(([key, position]) => [key, attribute.type(this.recording.typeOf(inputs[position]!))]),
    );
  }

  /** A node for each result: a result may be an input, or one result twice. */
  addResults(): string[] {
    return this.recording.results.map((source, i) => {
      const type = attribute.type(this.recording.typeOf(source));
      return this.add(`result${i}`, 'Identity', [this.nameOf(source)], { T: type });
    });
  }
}

const operationName = ({ name }: Operation, index: number): string => `step${index}_${name}`;

let made = 0;

export class StepFunction {
  readonly name = `AdamwBenchStep${++made}`;
  private readonly inputs: GraphOf['inputs'];
  private readonly outputs: number;
  private readonly release: () => void;

  /**
   * @param recording of which no more is needed afterwards
   * Throws an Error with TensorFlow's words where it does not take the graph. The recording is released then.
   */
  constructor(
    private readonly backend: NodeBackend,
    private readonly addon: FunctionsAddon,
    recording: Recording,
    xla: boolean,
  ) {
    const held = recording.outside.map((source) => source.held.id);
    this.release = () => held.forEach((id) => backend.binding.deleteTensor(id));
    try {
      const graph = new GraphOf(backend.binding, recording);
      const results = graph.addResults();
      addon.add(this.name, graphDef(graph.nodes), graph.inputNames, results, xla);
      this.inputs = graph.inputs;
      this.outputs = results.length;
    } catch (error) {
      this.release();
      throw error;
    }
  }

  /** Positions of the inputs that it uses. */
  get positions(): number[] {
    return this.inputs.flatMap((input) => ('position' in input ? input.position : []));
  }

  /**
   * One call: the results for other inputs of the same shapes. They are new tensors of the caller's.
   * @param inputs ids of all inputs, used or not
   */
  call(inputs: readonly number[]): Tensor[] {
    const ids = this.inputs.map((input) => ('position' in input ? inputs[input.position]! : input.id));
    const results = this.backend.binding.executeOp(this.name, [], ids, this.outputs);
    return results.map((result) => this.backend.createOutputTensor(result));
  }

  dispose(): void {
    this.addon.remove(this.name);
    this.release();
  }
}
