/**
 * One computation for one set of input shapes, from its first run on. It runs as it is and is recorded; it is recorded
 * again in the next run and compared with the one before. If nothing but its inputs differed, it is a function of
 * TensorFlow from then on.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import type { FunctionsAddon, NodeBackend, TensorMetadata } from './binding.js';
import { wordsOf } from './errors.js';
import { difference, record, type Recording } from './recorder.js';
import { StepFunction } from './stepFunction.js';

/** Recordings until two in a row must be the same: the first run may do what is done once, such as making variables. */
const LONGEST = 3;

/** What makes functions. */
export interface Recorder {
  readonly backend: NodeBackend;
  readonly addon: FunctionsAddon;
}

export class RecordedComputation {
  private before: Recording | undefined;
  private recordings = 0;
  private made: StepFunction | undefined;
  private refusal: string | undefined;

  /** @param xla has XLA compile the function */
  constructor(
    private readonly recorder: Recorder,
    private readonly xla: boolean,
  ) {}

  /** What runs in its place, once two recordings were the same. */
  get function(): StepFunction | undefined {
    return this.before ? undefined : this.made;
  }

  /** Why it can never be a function, as the end of a sentence. */
  get obstacle(): string | undefined {
    return this.refusal;
  }

  /**
   * Runs it as it is, and records that.
   * @param resultsOf the tensors that the function has to give, in their order
   */
  record<T>(
    inputs: readonly TensorMetadata[],
    compute: () => T,
    resultsOf: (out: T) => readonly Tensor[],
  ): T {
    const { out, recording } = record(this.recorder.backend, inputs, compute, resultsOf);
    this.recordings++;
    const { before } = this;
    this.before = undefined;
    const other = recording.obstacle ?? (before && difference(before, recording));
    // A function that exists holds what its recording held.
    if (!this.made) before?.release();
    if (
      other !== undefined &&
      (recording.obstacle !== undefined || this.made || this.recordings === LONGEST)
    ) {
      recording.release();
      this.refuse(other);
    } else if (before && other === undefined) this.confirm(recording);
    else this.before = recording;
    return out;
  }

  /** The function of the last recording, which no second one has confirmed yet. */
  trust(): StepFunction | undefined {
    if (this.before && !this.made) this.define(this.before);
    return this.made;
  }

  private confirm(recording: Recording): void {
    if (this.made) recording.release();
    else this.define(recording);
  }

  private refuse(obstacle: string): void {
    this.dispose();
    this.refusal = obstacle;
  }

  private define(recording: Recording): void {
    const { backend, addon } = this.recorder;
    try {
      this.made = new StepFunction(backend, addon, recording, this.xla);
    } catch (error) {
      this.before = undefined;
      this.refuse(`TensorFlow does not take its graph (${wordsOf(error as Error)})`);
    }
  }

  dispose(): void {
    if (this.made) this.made.dispose();
    else this.before?.release();
    this.before = this.made = undefined;
  }
}
