/** SGDW and SGDL2 for tfjs programs: Algorithm 1 of the paper behind the tf.Optimizer interface. */
import { sgd } from '../rules/sgd.js';
import { DecayingOptimizer, type DecayingOptions } from './decaying.js';
import { DECOUPLED, make } from './making.js';

export type SGDWPlacement = 'decoupled' | 'cautious';

export interface SgdOptions<P extends SGDWPlacement | 'l2' = SGDWPlacement | 'l2'> extends DecayingOptions {
  /** Where the decay enters. SGDW: `decoupled` (default), or `cautious` as for AdamW. SGDL2: `l2`. */
  placement?: P;
  /** Default 0.9; 0 is plain SGD. */
  momentum?: number;
  /**
   * `paper` (default): the momentum accumulates eta*lr*g. `torch`: it accumulates g, and eta*lr multiplies it. They
   * differ only where eta or learningRate changes.
   */
  momentumForm?: 'paper' | 'torch';
}

const settings = { momentum: 'beta1', momentumForm: 'momentumForm' };

/** SGD with momentum and decoupled weight decay (https://arxiv.org/abs/1711.05101, Algorithm 1). */
export class SGDW extends DecayingOptimizer {
  static get className(): string {
    return 'SGDW';
  }
  constructor(options: SgdOptions<SGDWPlacement>) {
    super(make({ rule: sgd, placements: DECOUPLED, settings }, SGDW.className, options));
  }
}

/** SGD with momentum, with weightDecay/2 |theta|^2 added to the loss. */
export class SGDL2 extends DecayingOptimizer {
  static get className(): string {
    return 'SGDL2';
  }
  constructor(options: SgdOptions<'l2'>) {
    super(make({ rule: sgd, placements: ['l2'], settings }, SGDL2.className, options));
  }
}
