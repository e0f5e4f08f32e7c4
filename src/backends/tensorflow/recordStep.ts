/**
 * For other people's tfjs-node programs: a training step, or any function from tensors to tensors, as one call of
 * TensorFlow. What `tf.function` is in Python.
 */
import {
  engine,
  getBackend,
  tidy,
  type Tensor,
  type TensorContainer,
  type Variable,
} from '@tensorflow/tfjs-core';
import { isNodeBackend, metadataOf, type FunctionsAddon, type NodeBackend } from './binding.js';
import { RecordedComputation } from './computation.js';
import { RecordingError } from './errors.js';
import { functionsAddon } from './functionsAddon.js';
import { currentRecording } from './recorder.js';
import { callFunction, signatureOf } from './repeats.js';
import { flatten, type StepResult } from './results.js';

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
  rebuild: (tensors: readonly Tensor[]) => StepResult;
}

const variablesNow = (): Variable[] => Object.values(engine().registeredVariables);

/** Whether a variable is gone that the function works on. */
const isStale = ({ read, assigned }: Program): boolean =>
  [...read.values(), ...assigned].some(({ isDisposed }) => isDisposed);

/** Variables that share one tensor become tensors of their own: later they may differ. */
function separate(backend: NodeBackend, variables: readonly Variable[], inputs: readonly Tensor[]): void {
  const seen = new Set(metadataOf(backend, inputs).map(({ id }) => id));
  for (const variable of variables) {
    const [id] = backend.getInputTensorIds([variable]);
    if (seen.has(id!)) {
      const own = backend.createOutputTensor(backend.binding.executeOp('Identity', [], [id!], 1)[0]!);
      variable.assign(own);
      own.dispose();
    }
    seen.add(backend.getInputTensorIds([variable])[0]!);
  }
}

/** The current backend and our addon. @throws RecordingError where there is none */
function requireRecorder(): { backend: NodeBackend; addon: FunctionsAddon } {
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
 *
 * @param step from tensors to a tensor, an array or an object of tensors, or nothing. Intermediate tensors are tidied.
 *   Not async; must not read a value (`dataSync`, `data`); no random numbers made in JavaScript (`tf.dropout`,
 *   `tf.randomNormal`). No gradient flows through the recorded step: take gradients inside of it.
 * @throws RecordingError (a ReportedError) with code `step-not-recordable`, naming the operation, in the first call in
 *   which that is known; `record-unavailable` where tensorflow is not the backend or was not loaded by `useTensorflow`;
 *   `step-result` for another result
 * @example
 * await useTensorflow();
 * const step = recordStep((x, y) => optimizer.minimize(() => loss(model.apply(x), y), true));
 * for (const [x, y] of batches) step(x, y).dispose();
 */
export function recordStep<Inputs extends readonly Tensor[], Result extends StepResult>(
  step: (...inputs: Inputs) => Result,
  { xla = false }: RecordStepOptions = {},
): RecordedStep<Inputs, Result> {
  const programs = new Map<string, Program>();
  let isRecorded = false;
  const call = (...inputs: Inputs): Result => {
    // A step within another is recorded with it.
    if (currentRecording()) return step(...inputs);
    const { backend, addon } = requireRecorder();
    const key = signatureOf(metadataOf(backend, inputs));
    let program = programs.get(key);
    if (program?.computation.function && isStale(program)) {
      program.computation.dispose();
      program = undefined;
    }
    if (!program) {
      const computation = new RecordedComputation({ backend, addon }, xla);
      programs.set(key, (program = { computation, read: new Map(), assigned: [], rebuild: () => undefined }));
    }
    isRecorded = program.computation.function !== undefined;
    const result = isRecorded
      ? run(backend, program, inputs, xla)
      : recordOnce(backend, program, inputs, step);
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

/** One call of TensorFlow. */
function run(backend: NodeBackend, program: Program, inputs: readonly Tensor[], xla: boolean): StepResult {
  const { computation, read, assigned, rebuild } = program;
  const ids = backend.getInputTensorIds(inputs);
  for (const [position, variable] of read) ids[position] = backend.getInputTensorIds([variable])[0]!;
  const results = callFunction(computation.function!, ids, xla);
  const values = results.splice(results.length - assigned.length);
  assigned.forEach((variable, i) => {
    variable.assign(values[i]!);
    values[i]!.dispose();
  });
  return rebuild(results);
}

/** Runs the step as it is and records it. */
function recordOnce<Inputs extends readonly Tensor[]>(
  backend: NodeBackend,
  program: Program,
  inputs: Inputs,
  step: (...inputs: Inputs) => StepResult,
): StepResult {
  const own = new Set<unknown>(inputs);
  const variables = variablesNow().filter((variable) => !own.has(variable));
  variables.forEach((variable) => own.add(variable));
  separate(backend, variables, inputs);
  const ids = variables.map(({ dataId }) => dataId);
  let flat = flatten(undefined);
  const out = program.computation.record(
    metadataOf(backend, [...inputs, ...variables]),
    () => tidy(() => step(...inputs) as TensorContainer) as StepResult,
    (result) => {
      flat = flatten(result);
      const assigned = variables.filter(({ dataId, isDisposed }, i) => !isDisposed && dataId !== ids[i]);
      Object.assign(program, { assigned, rebuild: flat.rebuild });
      if (variablesNow().some((variable) => !own.has(variable)))
        currentRecording()!.once = 'it makes new variables in every run';
      return [...flat.tensors, ...assigned];
    },
  );
  const { obstacle, function: made } = program.computation;
  if (obstacle !== undefined) {
    flat.tensors.forEach((tensor) => tensor.dispose());
    throw new RecordingError(
      obstacle,
      'step-not-recordable',
      'Give what changes from call to call as an input, and read values outside of the step. See docs/tfjs.md.',
    );
  }
  const positions = made?.positions.filter((position) => position >= inputs.length) ?? [];
  program.read = new Map(positions.map((position) => [position, variables[position - inputs.length]!]));
  return out;
}
