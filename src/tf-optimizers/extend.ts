/** Decoupled weight decay for any tfjs optimizer, as TensorFlow's contrib and addons gave it to theirs. */
import {
  mul,
  scalar,
  serialization,
  sub,
  tidy,
  type NamedTensorMap,
  type Optimizer,
  type Variable,
} from '@tensorflow/tfjs-core';
import { pairs, type NamedTensor, type VariableGradients } from './gradients.js';
import { OptionError } from './errors.js';
import { includeConfig, includeFromConfig, Inclusion, type Exclude, type Include } from './include.js';
import { checkOptions, decayOptions, decaySettings } from './options.js';
import { Positions } from './positions.js';
import { warnOfSecondCore } from './secondCore.js';

/** How an extended optimizer decays. */
export interface Decay {
  /** Share of a variable that each step takes away; neither the learning rate nor a schedule multiplies it. */
  weightDecay: number;
  /** The variables that decay; default all. */
  include?: Include;
  /** The variables that do not decay, of those; default none. `'rank1'`: biases and the parameters of norms. */
  exclude?: Exclude;
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
  setWeights(weights: NamedTensor[]): Promise<void>;
}

/** What tf.AdamOptimizer keeps of its step count. */
interface BetaPowers {
  beta1: number;
  beta2: number;
  accBeta1: Variable;
  accBeta2: Variable;
}

/**
 * A subclass of an optimizer class that shrinks each variable (var -= weightDecay * var) before the step; the
 * gradients are taken before both. As in `tf.contrib.opt.extend_with_decoupled_weight_decay`, the decay has no
 * schedule: to schedule it, set `weightDecay` between steps, like the learning rate.
 *
 *     const MomentumW = extendWithDecoupledWeightDecay(tf.MomentumOptimizer);
 *     const optimizer = new MomentumW({ weightDecay: 1e-4 }, 0.1, 0.9);
 *
 * The class is registered for serialization as `Decoupled` + the optimizer's own name.
 */
export function extendWithDecoupledWeightDecay<Args extends unknown[], O extends Optimizer>(
  Base: OptimizerClass<Args, O>,
): ExtendedClass<Args, O> {
  requireClass(Base);
  const className = `Decoupled${Base.className}`;
  // Typescript lets a class extend a type parameter only if its constructor takes any[].
  const Parent = Base as unknown as OptimizerClass<unknown[], Concrete>;

  class Decoupled extends Parent {
    weightDecay: number;
    readonly include: Include | undefined;
    readonly exclude: Exclude | undefined;
    private readonly inclusion: Inclusion;
    private readonly positions = new Positions();

    constructor(decay: Decay, ...args: unknown[]) {
      const { weightDecay, include, exclude } = checkOptions(decayOptions, className, decay);
      super(...args);
      warnOfSecondCore();
      this.weightDecay = weightDecay;
      this.include = include;
      this.exclude = exclude;
      this.inclusion = new Inclusion(include, exclude);
    }

    override applyGradients(gradients: VariableGradients): void {
      checkOptions(decaySettings, className, { weightDecay: this.weightDecay });
      const variables = pairs(gradients).map(({ variable }) => variable);
      const decaying = this.inclusion.of(variables);
      const placed = this.positions.place(gradients);
      for (const variable of decaying)
        tidy(() => variable.assign(sub(variable, mul(variable, this.weightDecay))));
      super.applyGradients(placed as NamedTensorMap);
    }

    override async setWeights(weights: NamedTensor[]): Promise<void> {
      // The first is the number of steps.
      this.positions.load(weights.slice(1));
      await super.setWeights(weights);
      if (hasBetaPowers(this)) restoreBetaPowers(this, this.iterations);
    }

    override getConfig(): serialization.ConfigDict {
      const { weightDecay, include, exclude } = this;
      return { ...super.getConfig(), weightDecay, ...includeConfig({ include, exclude }) };
    }

    static override get className(): string {
      return className;
    }

    static override fromConfig(_cls: unknown, config: serialization.ConfigDict): serialization.Serializable {
      // The base class reads its own settings and calls the constructor; this puts the decay first.
      const { weightDecay, include, exclude } = config;
      const lists = { include: includeFromConfig(include), exclude: includeFromConfig(exclude) };
      // From a file: the constructor checks it.
      const decay = { weightDecay, ...lists } as unknown as Decay;
      const construct = function (...args: unknown[]) {
        return new Decoupled(decay, ...args);
      };
      // The base class asks of a class only that `new` works.
      type Class = serialization.SerializableConstructor<serialization.Serializable>;
      return Parent.fromConfig(construct as unknown as Class, config);
    }
  }

  serialization.registerClass(Decoupled);
  // `Parent` has forgotten the types of Base's arguments.
  return Decoupled as unknown as ExtendedClass<Args, O>;
}

function requireClass(Base: unknown): void {
  if (typeof Base === 'function' && 'className' in Base && 'fromConfig' in Base) return;
  throw new OptionError(
    'extendWithDecoupledWeightDecay takes an optimizer class, such as tf.MomentumOptimizer.',
    'Give it the class, not an optimizer made by tf.train.',
  );
}

/** Whether this is a tf.AdamOptimizer; `instanceof` is true of any two optimizers, since tfjs overrides it. */
const hasBetaPowers = (optimizer: object): optimizer is BetaPowers =>
  'accBeta1' in optimizer && 'accBeta2' in optimizer;

/**
 * tf.AdamOptimizer computes beta1^t and beta2^t by repeated float32 products, but on loading from a power, which
 * rounds differently. This repeats the products, so that a resumed run takes exactly the same steps.
 */
function restoreBetaPowers(adam: BetaPowers, iterations: number): void {
  tidy(() => {
    adam.accBeta1.assign(scalar(repeatedProduct(adam.beta1, iterations)));
    adam.accBeta2.assign(scalar(repeatedProduct(adam.beta2, iterations)));
  });
}

function repeatedProduct(beta: number, times: number): number {
  const factor = Math.fround(beta);
  let product = factor;
  for (let i = 0; i < times && product !== 0; i++) product = Math.fround(product * factor);
  return product;
}
