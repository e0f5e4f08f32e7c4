/** Lion for tfjs programs. Its weight decay is decoupled in its own paper already. */
import { lion } from '../rules/lion.js';
import { DecayingOptimizer, type DecayingOptions } from './decaying.js';
import { DECOUPLED, make } from './making.js';

export interface LionOptions extends DecayingOptions {
  /** Where the decay enters: `decoupled` (default), or `cautious` as for AdamW. */
  placement?: 'decoupled' | 'cautious';
  /** Share of the momentum in the step's direction, default 0.9. */
  beta1?: number;
  /** Decay rate of the momentum, default 0.99. */
  beta2?: number;
}

const settings = { beta1: 'beta1', beta2: 'beta2' };

/**
 * Lion (https://arxiv.org/abs/2302.06675): each weight moves by the learning rate, up or down. Its authors use learning rates
 * 3 to 10 times smaller than AdamW's and, with convention `lr`, decays as many times larger.
 *
 *     new Lion({ learningRate: 1e-4, weightDecay: 0.1, convention: 'lr' });
 */
export class Lion extends DecayingOptimizer {
  static get className(): string {
    return 'Lion';
  }
  constructor(options: LionOptions) {
    super(make({ rule: lion, placements: DECOUPLED, settings }, Lion.className, options));
  }
}
