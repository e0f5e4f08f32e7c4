/** SGDW and SGDL2 for tfjs programs: Algorithm 1 of the paper behind the tf.Optimizer interface. */
import type { serialization } from '@tensorflow/tfjs-core';
import { withoutSynonyms, type Placement } from '../experiment/placement.js';
import type { OptimizerRule } from '../optim/index.js';
import { DecayingOptimizer, type DecayingOptions } from './decaying.js';
import { checkOptions, sgdL2Options, sgdWOptions } from './options.js';

export type SGDWPlacement = Extract<Placement, 'decoupled' | 'cautious'>;

export interface SgdOptions<P extends Placement = Placement> extends DecayingOptions {
  /** Where the decay enters. SGDW: `decoupled` (default), or `cautious` as for AdamW. SGDL2: `l2`. */
  placement?: P;
  /** Default 0.9; 0 is plain SGD. */
  momentum?: number;
  /**
   * `paper` (default): the momentum accumulates eta*lr*g. `torch`: it accumulates g, and eta*lr multiplies it. They
   * differ only where eta or learningRate changes.
   */
  momentumForm?: OptimizerRule['momentumForm'];
}

abstract class SgdFamily extends DecayingOptimizer {
  constructor(schema: typeof sgdWOptions | typeof sgdL2Options, className: string, options: SgdOptions) {
    const checked = checkOptions(schema, className, options);
    const { placement, momentum: beta1, momentumForm, convention } = checked;
    const placed = withoutSynonyms<Pick<OptimizerRule, 'name' | 'placement'>>({ name: 'sgd', placement });
    // Adam's settings, which SGD has no use for.
    const unused = { beta2: 0, eps: 1e-8, epsForm: 'paper' } as const;
    super({ ...placed, beta1, momentumForm, convention, ...unused }, checked);
  }

  override getConfig(): serialization.ConfigDict {
    const { beta1: momentum, momentumForm } = this.rule;
    return { ...super.getConfig(), momentum, momentumForm };
  }
}

/** SGD with momentum and decoupled weight decay (https://arxiv.org/abs/1711.05101, Algorithm 1). */
export class SGDW extends SgdFamily {
  static get className(): string {
    return 'SGDW';
  }
  constructor(options: SgdOptions<SGDWPlacement>) {
    super(sgdWOptions, SGDW.className, options);
  }
}

/** SGD with momentum, with weightDecay/2 |theta|^2 added to the loss. */
export class SGDL2 extends SgdFamily {
  static get className(): string {
    return 'SGDL2';
  }
  constructor(options: SgdOptions<'l2'>) {
    super(sgdL2Options, SGDL2.className, options);
  }
}
