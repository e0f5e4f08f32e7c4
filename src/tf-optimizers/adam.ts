/** AdamW and AdamL2 for tfjs programs: Algorithm 2 of the paper behind the tf.Optimizer interface. */
import type { serialization } from '@tensorflow/tfjs-core';
import { withoutSynonyms, type Placement } from '../experiment/placement.js';
import type { OptimizerRule } from '../optim/index.js';
import { DecayingOptimizer, type DecayingOptions } from './decaying.js';
import { adamL2Options, adamWOptions, checkOptions } from './options.js';

export type AdamWPlacement = Extract<Placement, 'decoupled' | 'cautious'>;
export type AdamL2Placement = Extract<Placement, 'l2' | 'l2-in-m' | 'l2-in-v'>;

export interface AdamOptions<P extends Placement = Placement> extends DecayingOptions {
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
  epsForm?: OptimizerRule['epsForm'];
}

abstract class AdamFamily extends DecayingOptimizer {
  constructor(schema: typeof adamWOptions | typeof adamL2Options, className: string, options: AdamOptions) {
    const checked = checkOptions(schema, className, options);
    const { placement, beta1, beta2, epsilon: eps, epsForm, convention } = checked;
    const placed = withoutSynonyms<Pick<OptimizerRule, 'name' | 'placement'>>({ name: 'adam', placement });
    super({ ...placed, beta1, beta2, eps, epsForm, convention, momentumForm: 'paper' }, checked);
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
  constructor(options: AdamOptions<AdamWPlacement>) {
    super(adamWOptions, AdamW.className, options);
  }
}

/** Adam with weightDecay/2 |theta|^2 added to the loss: what AdamW is measured against. */
export class AdamL2 extends AdamFamily {
  static get className(): string {
    return 'AdamL2';
  }
  constructor(options: AdamOptions<AdamL2Placement>) {
    super(adamL2Options, AdamL2.className, options);
  }
}
