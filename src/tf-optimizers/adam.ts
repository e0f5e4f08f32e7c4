/** AdamW and AdamL2 for tfjs programs: Algorithm 2 of the paper behind the tf.Optimizer interface. */
import type { serialization } from '@tensorflow/tfjs-core';
import type { OptimizerRule } from '../optim/index.js';
import { DecayingOptimizer, type DecayingOptions } from './decaying.js';
import { adamOptions, checkOptions } from './options.js';

export interface AdamOptions extends DecayingOptions {
  /** Decay rate of the first moment, default 0.9. */
  beta1?: number;
  /** Decay rate of the second moment, default 0.999. */
  beta2?: number;
  /** Default 1e-8, which null stands for, too. */
  epsilon?: number | null;
  /** Where epsilon is added: `paper` (default) to sqrt(vhat), `torch7` to sqrt(v). */
  epsForm?: OptimizerRule['epsForm'];
}

abstract class AdamFamily extends DecayingOptimizer {
  constructor(name: 'adam' | 'adamw', className: string, options: AdamOptions) {
    const checked = checkOptions(adamOptions, className, options);
    const { beta1, beta2, epsilon: eps, epsForm, convention } = checked;
    super({ name, beta1, beta2, eps, epsForm, convention, momentumForm: 'paper' }, checked);
  }

  override getConfig(): serialization.ConfigDict {
    const { beta1, beta2, eps: epsilon, epsForm } = this.rule;
    return { ...super.getConfig(), beta1, beta2, epsilon, epsForm };
  }
}

/**
 * Adam with decoupled weight decay (https://arxiv.org/abs/1711.05101, Algorithm 2).
 *
 *     const optimizer = new AdamW({ learningRate: 1e-3, weightDecay: 1e-2, convention: 'lr' });
 *     optimizer.minimize(() => loss(model.predict(x), y));
 */
export class AdamW extends AdamFamily {
  static get className(): string {
    return 'AdamW';
  }
  constructor(options: AdamOptions) {
    super('adamw', AdamW.className, options);
  }
}

/** Adam with weightDecay/2 |theta|^2 added to the loss: what AdamW is measured against. */
export class AdamL2 extends AdamFamily {
  static get className(): string {
    return 'AdamL2';
  }
  constructor(options: AdamOptions) {
    super('adam', AdamL2.className, options);
  }
}
