/** Muon for tfjs programs: matrices and filters; the rest takes AdamW's steps. */
import type { serialization, Variable } from '@tensorflow/tfjs-core';
import { muon } from '../rules/muon.js';
import { DecayingOptimizer, type DecayingOptions } from './decaying.js';
import { includeConfig, Selection, type Include } from './include.js';
import { DECOUPLED, make } from './making.js';
import { list } from './options.js';

export interface MuonOptions extends DecayingOptions {
  /** Where the decay enters: `decoupled` (default), or `cautious` as for AdamW. */
  placement?: 'decoupled' | 'cautious';
  /**
   * The variables that are made orthogonal, by names or by a function; default all of rank 2 or more. All others take AdamW's
   * steps, as is usual for embeddings and the last layer. Those of rank 0 and 1 always do.
   */
  matrices?: Include;
  /** Decay rate of the momentum, default 0.95. */
  momentum?: number;
  /** Whether the step looks ahead, default true. */
  nesterov?: boolean;
  /** Whether what it looks ahead to is corrected for its bias, as in optax; default false, as in PyTorch. */
  biasCorrection?: boolean;
  /** Iterations of Newton and Schulz, default 5. */
  iterations?: number;
  /**
   * What multiplies a matrix's step. `match-rms` (default): 0.2 sqrt(max(inputs, outputs)), so that learning rate and decay of
   * AdamW serve (https://arxiv.org/abs/2502.16982). `original`: sqrt(max(1, outputs/inputs)), PyTorch's default. `spectral`:
   * sqrt(outputs/inputs).
   */
  scale?: 'match-rms' | 'original' | 'spectral';
  /** What AdamW's learning rate is, as a multiple of `learningRate`; default 1. */
  restRate?: number;
  /** AdamW's decay rate of the first moment, default 0.9. */
  beta1?: number;
  /** AdamW's decay rate of the second moment, default 0.999. */
  beta2?: number;
  /** AdamW's epsilon. Default 1e-8, which null stands for, too. */
  epsilon?: number | null;
}

const settings = {
  momentum: 'momentum',
  nesterov: 'nesterov',
  biasCorrection: 'biasCorrection',
  iterations: 'iterations',
  scale: 'scale',
  restRate: 'restRate',
  beta1: 'beta1',
  beta2: 'beta2',
  epsilon: 'eps',
};

/**
 * Muon (https://kellerjordan.github.io/posts/muon/): the momentum of a matrix, made orthogonal. A convolution's filter
 * [h, w, in, out] is the matrix [h w in, out]. It computes in float32; PyTorch's in bfloat16.
 *
 *     new Muon({ learningRate: 1e-3, weightDecay: 0.1, convention: 'lr' });
 */
export class Muon extends DecayingOptimizer {
  static get className(): string {
    return 'Muon';
  }
  readonly matrices: Include | undefined;
  private readonly selection: Selection | undefined;

  constructor(options: MuonOptions) {
    const others = { matrices: list };
    const making = make({ rule: muon, placements: DECOUPLED, settings, others }, Muon.className, options);
    super(making);
    this.matrices = making.others['matrices'] as Include | undefined;
    this.selection = this.matrices && new Selection('matrices', this.matrices);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...includeConfig({ matrices: this.matrices }) };
  }

  protected override matricesAmong(variables: readonly Variable[]): ReadonlySet<Variable> {
    const chosen = this.selection?.of(variables) ?? new Set(variables);
    return new Set(variables.filter((variable) => chosen.has(variable) && variable.shape.length > 1));
  }
}
