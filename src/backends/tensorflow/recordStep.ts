/**
 * For other people's tfjs-node programs: a training step, or any function from tensors to tensors, as one call of
 * TensorFlow. What `tf.function` is in Python.
 */
import { engine, getBackend, memory, scalar, Tensor, tidy, type Variable } from '@tensorflow/tfjs-core';
import { ReportedError } from '../../errors/reported.js';
import { isNodeBackend, metadataOf, type NodeBackend } from './binding.js';
import { RecordedComputation, type Recorder } from './computation.js';
import { watchCounts, type Counting } from './countSteps.js';
import { RecordingError } from './errors.js';
import { functionsAddon } from './functionsAddon.js';
import { currentRecording } from './recorder.js';
import { callFunction, signatureOf } from './repeats.js';
import { flatten, type FlatResult, type StepResult } from './results.js';

export interface RecordStepOptions {
  /** Has XLA compile the step: faster arithmetic, other last digits. Default false. */
  readonly xla?: boolean;
}

/** A recorded step; call it as the function itself. */
export interface RecordedStep<Inputs extends readonly Tensor[], Result extends StepResult> {
  (...inputs: Inputs): Result;
  /** Whether the last call was one call of TensorFlow. The first two or three calls of each input shape are not. */
  readonly isRecorded: boolean;
  /** Frees what TensorFlow keeps of the step. It is recorded anew if it is called again. */
  dispose(): void;
}

/** One set of input shapes. */
interface Program {
  readonly computation: RecordedComputation;
  /** The variables whose values go in, by their position among the function's inputs. */
  read: ReadonlyMap<number, Variable>;
  /** Those whose values come out. */
  assigned: readonly Variable[];
  /** The optimizers that have taken a step, which they count. */
  counted: readonly Counting[];
  rebuild: FlatResult['rebuild'];
}

const variablesNow = (): Variable[] => Object.values(engine().registeredVariables);

/** Whether a variable is gone that the function works on. */
const isStale = ({ read, assigned }: Program): boolean =>
  [...read.values(), ...assigned].some(({ isDisposed }) => isDisposed);

/** The same values under an id of their own. Nothing is copied. */
const alias = (backend: NodeBackend, tensor: Tensor): Tensor =>
  backend.createOutputTensor(
    backend.binding.executeOp('Identity', [], backend.getInputTensorIds([tensor]), 1)[0]!,
  );

/** Variables that share their tensor with others get tensors of their own: later they may differ. */
function separate(backend: NodeBackend, variables: readonly Variable[]): void {
  for (const variable of variables) {
    if (backend.refCount(variable.dataId) === 1) continue;
    const own = alias(backend, variable);
    variable.assign(own);
    own.dispose();
  }
}

/** What TypeScript would refuse. @throws ReportedError with code `option-invalid` */
function requireArguments(step: unknown, options: object): void {
  const { xla = false, ...others } = options as { xla?: unknown };
  if (typeof step === 'function' && typeof xla === 'boolean' && Object.keys(others).length === 0) return;
  throw new ReportedError('recordStep takes a function and the option `xla`, which is true or false.', {
    code: 'option-invalid',
    remedy: 'See docs/tfjs.md.',
  });
}

/** @throws RecordingError for what is no tensor, or none any more */
function requireTensors(inputs: readonly unknown[]): void {
  inputs.forEach((input, i) => {
    const isTensor = input instanceof Tensor;
    if (isTensor && !input.isDisposed) return;
    throw new RecordingError(
      `its input ${i + 1} ${isTensor ? 'was disposed of' : 'is no tensor'}`,
      'step-input',
      'Give tensors that still exist. `tf.scalar` makes one of a number.',
    );
  });
}

const notRecordable = (obstacle: string): RecordingError =>
  new RecordingError(
    obstacle,
    'step-not-recordable',
    'Give what changes from call to call as an input, and read values outside of the step. See docs/tfjs.md.',
  );

/** The current backend and our addon. @throws RecordingError where there is none */
function requireRecorder(): Recorder {
  const { backend } = engine();
  if (!isNodeBackend(backend)) {
    throw new RecordingError(
      `the current backend is ${getBackend()}`,
      'record-unavailable',
      'Make tensorflow current: `await useTensorflow()`.',
    );
  }
  return { backend, addon: functionsAddon() };
}

/**
 * Makes a function of tensors a single call of TensorFlow. A step of some hundred kernels then costs the time of its
 * arithmetic; in tfjs-node each kernel costs 35 to 60 µs besides.
 *
 * The first call of each set of input shapes runs as it is and is recorded, as are the second and perhaps the third,
 * until two in a row did the same. From then on TensorFlow runs the recording. Results are equal to the bit (but with
 * `xla`). A tf.Variable may be read and assigned, as an optimizer does; its value is an input and a result by itself.
 * Everything else that changes from call to call must be an input, a learning rate for example: numbers are frozen.
 * Within a gradient (`tf.grad`, `minimize`) the step runs as it is, as a function of TensorFlow has no gradient.
 *
 * @param step from tensors to a tensor, an array or an object of tensors, or nothing. Its arguments are its own tensors
 *   with the inputs' values: a variable comes as its value. What it makes besides its results is tidied. Not async; must
 *   not read a value (`dataSync`, `data`); no random numbers made in JavaScript (`tf.dropout`, `tf.randomNormal`).
 * @throws RecordingError (a ReportedError) with code `step-not-recordable`, naming the operation, in the first call in
 *   which that is known and, without running the step, in all that follow; `step-input` for an input that is no tensor;
 *   `step-result` for another result; `record-unavailable` where tensorflow is not the backend or was not loaded by
 *   `useTensorflow`
 * @example
 * await useTensorflow();
 * const step = recordStep((x, y) => optimizer.minimize(() => loss(model.apply(x), y), true));
 * for (const [x, y] of batches) step(x, y).dispose();
 */
export function recordStep<Inputs extends readonly Tensor[], Result extends StepResult>(
  step: (...inputs: Inputs) => Result,
  options: RecordStepOptions = {},
): RecordedStep<Inputs, Result> {
  requireArguments(step, options);
  const { xla = false } = options;
  const programs = new Map<string, Program>();
  let isRecorded = false;
  const call = (...inputs: Inputs): Result => {
    isRecorded = false;
    // A step within another is recorded with it, and a function of TensorFlow has no gradient.
    if (currentRecording() || engine().isTapeOn()) return step(...inputs);
    const recorder = requireRecorder();
    requireTensors(inputs);
    const program = programFor(programs, recorder, inputs, xla);
    const { obstacle, function: made } = program.computation;
    if (obstacle !== undefined) throw notRecordable(obstacle);
    isRecorded = made !== undefined;
    const { backend } = recorder;
    const result = made ? run(backend, program, inputs, xla) : recordOnce(backend, program, inputs, step);
    return result as Result;
  };
  return Object.defineProperties(call, {
    isRecorded: { get: () => isRecorded },
    dispose: {
      value: () => {
        programs.forEach(({ computation }) => computation.dispose());
        programs.clear();
      },
    },
  }) as RecordedStep<Inputs, Result>;
}

/** What is known of inputs of these shapes. One that works on variables which are gone begins anew. */
function programFor(
  programs: Map<string, Program>,
  recorder: Recorder,
  inputs: readonly Tensor[],
  xla: boolean,
): Program {
  const key = signatureOf(metadataOf(recorder.backend, inputs));
  const known = programs.get(key);
  if (known && !(known.computation.function && isStale(known))) return known;
  known?.computation.dispose();
  const program: Program = {
    computation: new RecordedComputation(recorder, xla),
    read: new Map(),
    assigned: [],
    counted: [],
    rebuild: () => undefined,
  };
  programs.set(key, program);
  return program;
}

/** One call of TensorFlow. */
function run(backend: NodeBackend, program: Program, inputs: readonly Tensor[], xla: boolean): StepResult {
  const { computation, read, assigned, counted, rebuild } = program;
  const ids = backend.getInputTensorIds(inputs);
  for (const [position, variable] of read) ids[position] = backend.getInputTensorIds([variable])[0]!;
  const results = callFunction(computation.function!, ids, xla);
  const values = results.splice(results.length - assigned.length);
  assigned.forEach((variable, i) => {
    variable.assign(values[i]!);
    values[i]!.dispose();
  });
  counted.forEach((optimizer) => optimizer.incrementIterations());
  return rebuild(results);
}

/**
 * Runs the step as it is. All results are new tensors, as those of a recording are: what is older, such as an input or
 * a variable, or is there twice, is cloned.
 */
function runAsIs(step: () => StepResult): FlatResult {
  let rebuild: FlatResult['rebuild'] = () => undefined;
  const tensors = tidy(() => {
    // Ids ascend.
    const { id: start } = scalar(0);
    const flat = flatten(step());
    rebuild = flat.rebuild;
    return flat.tensors.map((tensor, i) =>
      tensor.id > start && flat.tensors.indexOf(tensor) === i ? tensor : tensor.clone(),
    );
  });
  return { tensors, rebuild };
}

/** Runs the step as it is and records it. */
function recordOnce<Inputs extends readonly Tensor[]>(
  backend: NodeBackend,
  program: Program,
  inputs: Inputs,
  step: (...inputs: Inputs) => StepResult,
): StepResult {
  const variables = variablesNow();
  separate(backend, variables);
  // Under ids of their own: the step may also use one of these tensors in another way, from outside.
  const given = inputs.map((input) => alias(backend, input)) as unknown as Inputs;
  try {
    const { out, counted } = watchCounts(() => recordWith(backend, program, { given, variables }, step));
    program.counted = counted;
    const { obstacle, function: made } = program.computation;
    if (obstacle !== undefined) {
      out.tensors.forEach((tensor) => tensor.dispose());
      throw notRecordable(obstacle);
    }
    const positions = made?.positions.filter((position) => position >= inputs.length) ?? [];
    program.read = new Map(positions.map((position) => [position, variables[position - inputs.length]!]));
    return out.rebuild(out.tensors);
  } finally {
    given.forEach((tensor) => tensor.dispose());
  }
}

/** The recording itself. */
function recordWith<Inputs extends readonly Tensor[]>(
  backend: NodeBackend,
  program: Program,
  { given, variables }: { given: Inputs; variables: readonly Variable[] },
  step: (...inputs: Inputs) => StepResult,
): FlatResult {
  const known = new Set(variables);
  const ids = variables.map(({ dataId }) => dataId);
  const tensorsBefore = memory().numTensors;
  return program.computation.record(
    metadataOf(backend, [...given, ...variables]),
    () => runAsIs(() => step(...given)),
    ({ tensors, rebuild }) => {
      program.assigned = variables.filter(({ dataId, isDisposed }, i) => !isDisposed && dataId !== ids[i]);
      program.rebuild = rebuild;
      const made = variablesNow().filter((variable) => !known.has(variable)).length;
      const kept = memory().numTensors - tensorsBefore - tensors.length - made;
      if (made > 0) currentRecording()!.once = 'it makes new variables in every run';
      else if (kept > 0) currentRecording()!.once = 'it keeps tensors, which a recording would not renew';
      return [...tensors, ...program.assigned];
    },
  );
}
