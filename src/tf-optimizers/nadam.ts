/** NAdamW for tfjs programs: Adam with Nesterov's momentum, and decoupled weight decay. */
import { nadam } from '../rules/nadam.js';
import { DecayingOptimizer, type DecayingOptions } from './decaying.js';
import { DECOUPLED, make } from './making.js';

export interface NAdamWOptions extends DecayingOptions {
  /** Where the decay enters: `decoupled` (default), or `cautious` as for AdamW. */
  placement?: 'decoupled' | 'cautious';
  /** Decay rate of the first moment, and what the momentum tends to; default 0.9. */
  beta1?: number;
  /** Decay rate of the second moment, default 0.999. */
  beta2?: number;
  /** Default 1e-8, which null stands for, too. */
  epsilon?: number | null;
  /**
   * psi: the momentum of step t is beta1 (1 - 0.96^(t psi)/2). PyTorch: 0.004 (default); Keras: 1; optax's `nadamw`: 10000,
   * which is beta1 throughout.
   */
  momentumDecay?: number;
}

const settings = { beta1: 'beta1', beta2: 'beta2', epsilon: 'eps', momentumDecay: 'momentumDecay' };

/**
 * NAdam (https://openreview.net/forum?id=OM0jvwB8jIp57ZJjtNEZ) with decoupled weight decay: with convention `lr`, PyTorch's
 * `NAdam(decoupled_weight_decay=True)`.
 *
 *     new NAdamW({ learningRate: 2e-3, weightDecay: 1e-2, convention: 'lr' });
 */
export class NAdamW extends DecayingOptimizer {
  static get className(): string {
    return 'NAdamW';
  }
  constructor(options: NAdamWOptions) {
    super(make({ rule: nadam, placements: DECOUPLED, settings }, NAdamW.className, options));
  }
}
