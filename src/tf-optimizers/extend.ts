/** Decoupled weight decay for any tfjs optimizer, as TensorFlow's contrib and addons gave it to theirs. */
import { mul, serialization, sub, tidy, type NamedTensorMap, type Optimizer } from '@tensorflow/tfjs-core';
import { pairs, type VariableGradients } from './gradients.js';
import { decays, includeConfig, requireKnown, type Include } from './include.js';

/** How an extended optimizer decays. */
export interface Decay {
  /** Share of a variable that each step takes away; neither the learning rate nor a schedule multiplies it. */
  weightDecay: number;
  /** The variables that decay; default all. */
  include?: Include;
}

/** A tfjs optimizer class, such as tf.AdamOptimizer. */
export interface OptimizerClass<Args extends unknown[], O extends Optimizer> {
  new (...args: Args): O;
  readonly className: string;
  fromConfig: serialization.FromConfigMethod<serialization.Serializable>;
}

/** The same with decay: its constructor takes the decay first, then what it took before. */
export interface ExtendedClass<Args extends unknown[], O extends Optimizer> {
  new (decay: Decay, ...args: Args): O & { weightDecay: number };
  readonly className: string;
  fromConfig: serialization.FromConfigMethod<serialization.Serializable>;
}

/** An optimizer seen from a subclass, where nothing is abstract any more. */
interface Concrete extends Optimizer {
  applyGradients(gradients: NamedTensorMap): void;
  getConfig(): serialization.ConfigDict;
}

/**
 * A subclass of an optimizer class that shrinks each variable (var -= weightDecay * var) before the step, whose
 * gradients were taken before both. As in `tf.contrib.opt.extend_with_decoupled_weight_decay`, the decay is not
 * scheduled: to schedule it, set `weightDecay` between steps, as one sets the learning rate.
 *
 *     const MomentumW = extendWithDecoupledWeightDecay(tf.MomentumOptimizer);
 *     const optimizer = new MomentumW({ weightDecay: 1e-4 }, 0.1, 0.9);
 *
 * The class is registered for serialization as `Decoupled` + the optimizer's own name.
 */
export function extendWithDecoupledWeightDecay<Args extends unknown[], O extends Optimizer>(
  Base: OptimizerClass<Args, O>,
): ExtendedClass<Args, O> {
  // Typescript lets a class extend a type parameter only if its constructor takes any[].
  const Parent = Base as unknown as OptimizerClass<unknown[], Concrete>;

  class Decoupled extends Parent {
    weightDecay: number;
    readonly include: Include | undefined;

    constructor(decay: Decay, ...args: unknown[]) {
      super(...args);
      const { weightDecay, include } = decay;
      if (!(weightDecay >= 0 && weightDecay < Infinity))
        throw new RangeError(`The weight decay is ${weightDecay}: it must be 0 or more and finite.`);
      this.weightDecay = weightDecay;
      this.include = include;
    }

    override applyGradients(gradients: VariableGradients): void {
      requireKnown(this.include);
      for (const { variable } of pairs(gradients))
        if (decays(this.include, variable))
          tidy(() => variable.assign(sub(variable, mul(variable, this.weightDecay))));
      super.applyGradients(gradients as NamedTensorMap);
    }

    override getConfig(): serialization.ConfigDict {
      return { ...super.getConfig(), weightDecay: this.weightDecay, ...includeConfig(this.include) };
    }

    static override get className(): string {
      return `Decoupled${Base.className}`;
    }

    static override fromConfig(_cls: unknown, config: serialization.ConfigDict): serialization.Serializable {
      // The base class reads its own settings and calls the constructor; this puts the decay in front of them.
      const decay = config as unknown as Decay;
      const construct = function (...args: unknown[]) {
        return new Decoupled(decay, ...args);
      };
      type Class = serialization.SerializableConstructor<serialization.Serializable>;
      return Parent.fromConfig(construct as unknown as Class, config);
    }
  }

  serialization.registerClass(
    Decoupled as unknown as serialization.SerializableConstructor<serialization.Serializable>,
  );
  return Decoupled as unknown as ExtendedClass<Args, O>;
}
