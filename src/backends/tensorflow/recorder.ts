/**
 * Records what a computation asks of TensorFlow: its operations, in their order, and where each of their inputs comes
 * from. tfjs-node calls its binding for every kernel; while a recording runs, a copy of the binding stands in its place
 * that notes each call and passes it on. stepFunction.ts makes a graph of a recording.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Binding, HostValues, NodeBackend, OpAttribute, TensorMetadata } from './binding.js';

/** Values that JavaScript made during the recording: they are the same in every run of the graph. */
export interface Constant {
  readonly shape: readonly number[];
  readonly dtype: number;
  readonly content: Buffer;
}

/** Where a tensor of a recording comes from. `id` is its number in the binding. */
export type Source = { readonly id: number } & (
  | { readonly from: 'input'; readonly index: number }
  | { readonly from: 'operation'; readonly index: number; readonly output: number }
  | { readonly from: 'constant'; readonly constant: Constant }
  // A tensor that is older than the recording and no input of it; `held` is a second handle of ours to its values.
  | { readonly from: 'outside'; readonly held: TensorMetadata }
);

/** One operation. */
export interface Operation {
  readonly name: string;
  readonly attributes: readonly OpAttribute[];
  readonly inputs: readonly Source[];
}

/** Operations that draw random numbers or act on something besides their results: each run must ask for them anew. */
const ACTING =
  /Random|Multinomial|Bernoulli|TruncatedNormal|Shuffle|Summary|Variable|Resource|Queue|Print|Assert/;
/** Operations whose results have as many elements as their inputs' values say. JavaScript uses that number. */
const SIZED_BY_VALUES = /^(Where|Unique.*|NonMaxSuppression.*|ListDiff|SparseReshape|SparseFillEmptyRows)$/;

const listed = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

export class Recording {
  readonly operations: Operation[] = [];
  /** What JavaScript has read of tensors whose values are always the same. */
  readonly reads: Source[] = [];
  /** Where the results come from, in their order. */
  results: readonly Source[] = [];
  /** Why no graph can do the same, as the end of a sentence; undefined as long as one can. */
  obstacle: string | undefined;
  /** Why this run did more than a graph can, in the same words; a later run need not do it again. */
  once: string | undefined;
  private readonly sources = new Map<number, Source>();
  /** TensorFlow's numbers of the tensors' types, by id. */
  private readonly types = new Map<number, number>();

  /** @param inputs of two with the same id the first stands for both */
  constructor(
    private readonly binding: Binding,
    readonly inputs: readonly TensorMetadata[],
  ) {
    inputs.forEach(({ id, dtype }, index) => {
      if (!this.sources.has(id)) this.add({ id, from: 'input', index }, dtype);
    });
  }

  private add<S extends Source>(source: S, dtype: number): S {
    this.sources.set(source.id, source);
    this.types.set(source.id, dtype);
    return source;
  }

  /** TensorFlow's number of a tensor's type. */
  typeOf({ id }: Source): number {
    return this.types.get(id)!;
  }

  /** Where a tensor comes from. One that the recording has not seen before is from outside. */
  sourceOf(id: number): Source {
    const known = this.sources.get(id);
    if (known) return known;
    const held = this.binding.executeOp('Identity', [], [id], 1)[0]!;
    return this.add({ id, from: 'outside', held }, held.dtype);
  }

  refuse(obstacle: string): void {
    this.obstacle ??= obstacle;
  }

  addOperation(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly Source[],
    outputs: readonly TensorMetadata[],
  ): void {
    const index = this.operations.length;
    if (ACTING.test(name)) this.refuse(`it runs ${name}, which does something else in every run`);
    if (SIZED_BY_VALUES.test(name)) this.refuse(`it runs ${name}, whose result's size depends on values`);
    this.operations.push({ name, attributes: attributes.map((one) => ({ ...one })), inputs });
    outputs.forEach(({ id, dtype }, output) => this.add({ id, from: 'operation', index, output }, dtype));
  }

  addConstant(id: number, shape: readonly number[], dtype: number, values: HostValues): void {
    if (!ArrayBuffer.isView(values)) {
      this.refuse('it makes a tensor of texts');
      return;
    }
    // A copy: tfjs and TensorFlow share the memory of an upload with its caller.
    const content = Buffer.from(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    this.add({ id, from: 'constant', constant: { shape: [...shape], dtype, content } }, dtype);
  }

  addRead(id: number): void {
    const source = this.sourceOf(id);
    if (source.from === 'input') this.refuse(`it reads the values of an input: number ${source.index + 1}`);
    else if (source.from === 'operation') this.refuse(`it reads the result of ${this.nameOf(source.index)}`);
    else this.reads.push(source);
  }

  /** An operation in words: its name, and which it is. */
  nameOf(index: number): string {
    return `${this.operations[index]!.name} (operation ${index + 1} of the step)`;
  }

  /** Every tensor from outside. */
  get outside(): readonly Extract<Source, { from: 'outside' }>[] {
    return [...this.sources.values()].filter((source) => source.from === 'outside');
  }

  /** Gives the second handles back. The recording is of no use afterwards. */
  release(): void {
    for (const { held } of this.outside) this.binding.deleteTensor(held.id);
  }
}

/** Equal constants, the same tensor, or the same place. */
function isSame(a: Source, b: Source): boolean {
  // A tensor that is kept is a constant where it is uploaded and comes from outside the next time.
  if (a.id === b.id && a.from !== 'input' && b.from !== 'input') return true;
  if (a.from === 'constant' && b.from === 'constant') {
    const [one, other] = [a.constant, b.constant];
    return (
      one.dtype === other.dtype &&
      listed(one.shape) === listed(other.shape) &&
      one.content.equals(other.content)
    );
  }
  if (a.from === 'input' && b.from === 'input') return a.index === b.index;
  if (a.from === 'operation' && b.from === 'operation') return a.index === b.index && a.output === b.output;
  return false;
}

const describe = (source: Source): string => {
  switch (source.from) {
    case 'constant':
      return `a tensor of shape ${listed(source.constant.shape)} that JavaScript made`;
    case 'outside':
      return `a tensor of shape ${listed(source.held.shape)} that is no input`;
    case 'input':
      return `input ${source.index + 1}`;
    case 'operation':
      return `the result of operation ${source.index + 1}`;
  }
};

/** What differs between two recordings of one computation, as the end of a sentence; undefined where nothing does. */
export function difference(before: Recording, after: Recording): string | undefined {
  if (after.once !== undefined) return after.once;
  for (const [i, operation] of after.operations.entries()) {
    const earlier = before.operations[i];
    if (earlier?.name !== operation.name) return `${after.nameOf(i)} was not there in the run before`;
    if (JSON.stringify(earlier.attributes) !== JSON.stringify(operation.attributes))
      return `${after.nameOf(i)} has other attributes than in the run before`;
    const other = operation.inputs.findIndex((source, k) => !isSame(earlier.inputs[k]!, source));
    if (other >= 0)
      return `${after.nameOf(i)} takes another value in every run: ${describe(operation.inputs[other]!)}`;
  }
  if (before.operations.length > after.operations.length)
    return `${before.nameOf(after.operations.length)} was there in the run before only`;
  if (!allSame(before.reads, after.reads)) return 'it reads another tensor in every run';
  if (!allSame(before.results, after.results)) return 'one of its results is another in every run';
  return undefined;
}

const allSame = (a: readonly Source[], b: readonly Source[]): boolean =>
  a.length === b.length && a.every((source, i) => isSame(source, b[i]!));

/** The binding that notes what passes. Its own properties are read-only: they are shadowed. */
function noting(binding: Binding, recording: Recording): Binding {
  const calls: Partial<Binding> = {
    executeOp(name, attributes, ids, count) {
      // Before the call: a tensor from outside may be deleted right after it.
      const inputs = ids.map((id) => recording.sourceOf(id));
      const outputs = binding.executeOp(name, attributes, ids, count);
      recording.addOperation(name, attributes, inputs, outputs);
      return outputs;
    },
    createTensor(shape, dtype, values) {
      const id = binding.createTensor(shape, dtype, values);
      recording.addConstant(id, shape, dtype, values);
      return id;
    },
    tensorDataSync(id) {
      recording.addRead(id);
      return binding.tensorDataSync(id);
    },
    runSavedModel(...rest) {
      recording.refuse('it runs a SavedModel');
      return binding.runSavedModel(...rest);
    },
  };
  const properties = Object.entries(calls).map(([name, value]) => [name, { value }] as const);
  return Object.create(binding, Object.fromEntries(properties)) as Binding;
}

let current: Recording | undefined;

/** The recording that is going on. */
export const currentRecording = (): Recording | undefined => current;

/**
 * Runs `compute` and records it. Must not be called during a recording.
 * @param inputs the tensors that differ from run to run
 * @param resultsOf the tensors that a graph must give
 */
export function record<T>(
  backend: NodeBackend,
  inputs: readonly TensorMetadata[],
  compute: () => T,
  resultsOf: (out: T) => readonly Tensor[],
): { out: T; recording: Recording } {
  const { binding } = backend;
  const recording = new Recording(binding, inputs);
  backend.binding = noting(binding, recording);
  current = recording;
  try {
    const out = compute();
    recording.results = backend.getInputTensorIds(resultsOf(out)).map((id) => recording.sourceOf(id));
    return { out, recording };
  } catch (error) {
    recording.release();
    throw error;
  } finally {
    backend.binding = binding;
    current = undefined;
  }
}
