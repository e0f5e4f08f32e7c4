/** AdamW and AdamL2 for tfjs programs: Algorithm 2 of the paper behind the tf.Optimizer interface. */
import { adam } from '../rules/adam.js';
import { DecayingOptimizer, type DecayingOptions } from './decaying.js';
import { DECOUPLED, make } from './making.js';

export type AdamWPlacement = 'decoupled' | 'cautious';
export type AdamL2Placement = 'l2' | 'l2-in-m' | 'l2-in-v';

export interface AdamOptions<
  P extends AdamWPlacement | AdamL2Placement = AdamWPlacement | AdamL2Placement,
> extends DecayingOptions {
  /**
   * Where the decay enters. AdamW: `decoupled` (default), or `cautious`: only where the update and the weight have one
   * sign (https://arxiv.org/abs/2510.12402). AdamL2: `l2` (default), or `l2-in-m`, `l2-in-v`: only what that moment averages.
   */
  placement?: P;
  /** Decay rate of the first moment, default 0.9. */
  beta1?: number;
  /** Decay rate of the second moment, default 0.999. */
  beta2?: number;
  /** Default 1e-8, which null stands for, too. */
  epsilon?: number | null;
  /** Where epsilon is added: `paper` (default) to sqrt(vhat), `torch7` to sqrt(v). */
  epsForm?: 'paper' | 'torch7';
}

const settings = { beta1: 'beta1', beta2: 'beta2', epsilon: 'eps', epsForm: 'epsForm' };

/**
 * Adam with decoupled weight decay (https://arxiv.org/abs/1711.05101, Algorithm 2).
 *
 *     const optimizer = new AdamW({ learningRate: 1e-3, weightDecay: 1e-2, convention: 'lr' });
 *     optimizer.minimize(() => loss(model.predict(x), y));
 */
export class AdamW extends DecayingOptimizer {
  static get className(): string {
    return 'AdamW';
  }
  constructor(options: AdamOptions<AdamWPlacement>) {
    super(make({ rule: adam, placements: DECOUPLED, settings }, AdamW.className, options));
  }
}

/** Adam with weightDecay/2 |theta|^2 added to the loss: what AdamW is measured against. */
export class AdamL2 extends DecayingOptimizer {
  static get className(): string {
    return 'AdamL2';
  }
  constructor(options: AdamOptions<AdamL2Placement>) {
    const placements = ['l2', 'l2-in-m', 'l2-in-v'] as const;
    super(make({ rule: adam, placements, settings }, AdamL2.className, options));
  }
}
