/** RMSPropW for tfjs programs: RMSProp with decoupled weight decay. */
import { rmsprop } from '../rules/rmsprop.js';
import { DecayingOptimizer, type DecayingOptions } from './decaying.js';
import { DECOUPLED, make } from './making.js';

export interface RMSPropWOptions extends DecayingOptions {
  /** Where the decay enters: `decoupled` (default), or `cautious` as for AdamW. */
  placement?: 'decoupled' | 'cautious';
  /** Decay rate of the squares' average: default 0.99, as in PyTorch; tf.train.rmsprop and Keras have 0.9. */
  rho?: number;
  /** Default 1e-8, which null stands for, too. */
  epsilon?: number | null;
  /** `outside` (default): sqrt(v) + epsilon, as PyTorch. `inside`: sqrt(v + epsilon), as tf.train.rmsprop and Keras. */
  epsForm?: 'outside' | 'inside';
  /** Whether the average of the gradients is taken off, so that the root is of their variance; default false. */
  centered?: boolean;
  /** Default 0: none. */
  momentum?: number;
  /** `torch` (default): the momentum accumulates the update. `paper`: eta*lr times it, as tf.train.rmsprop and Keras. */
  momentumForm?: 'torch' | 'paper';
}

const settings = {
  rho: 'rho',
  epsilon: 'eps',
  epsForm: 'epsForm',
  centered: 'centered',
  momentum: 'momentum',
  momentumForm: 'momentumForm',
};

/**
 * RMSProp (https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf) with decoupled weight decay.
 *
 *     new RMSPropW({ learningRate: 1e-3, weightDecay: 1e-4, momentum: 0.9, centered: true });
 */
export class RMSPropW extends DecayingOptimizer {
  static get className(): string {
    return 'RMSPropW';
  }
  constructor(options: RMSPropWOptions) {
    super(make({ rule: rmsprop, placements: DECOUPLED, settings }, RMSPropW.className, options));
  }
}
