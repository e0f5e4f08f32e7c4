/** The tf.Optimizer around src/optim: one pure optimizer, applied to each variable of a tfjs program. */
import {
  Optimizer,
  reshape,
  tidy,
  type serialization,
  type Tensor,
  type Tensor1D,
  type Variable,
} from '@tensorflow/tfjs-core';
import { makeOptimizer, type OptimizerRule, type StepInfo } from '../optim/index.js';
import { pairs, type NamedTensor, type VariableGradients } from './gradients.js';
import { includeConfig, includeFromConfig, Inclusion, type Include } from './include.js';
import { checkOptions, stepSettings } from './options.js';
import { warnOfSecondCore } from './secondCore.js';
import { Slots } from './slots.js';

/** What AdamW, SGDW, AdamL2 and SGDL2 have in common. */
export interface DecayingOptions {
  /** alpha of the paper. */
  learningRate: number;
  /** lambda of the paper. */
  weightDecay: number;
  /**
   * What multiplies decoupled decay in each step. `paper` (default): eta*wd; `lr`: eta*lr*wd (PyTorch, Keras, optax);
   * `constant`: wd (TensorFlow addons); `normalized`: eta*wd*sqrt(1/cycleSteps). AdamL2 and SGDL2 ignore it.
   */
  convention?: OptimizerRule['convention'];
  /** The variables that decay; default all. */
  include?: Include;
  /** Steps of the run, or of the restart cycle; what convention `normalized` needs. */
  cycleSteps?: number;
}

type CheckedOptions = Pick<DecayingOptions, 'learningRate' | 'weightDecay'> & {
  cycleSteps?: number | undefined;
  include?: Include | undefined;
};

/** Base of the four classes. Their state lies in `slots` of the variables' shapes. */
export abstract class DecayingOptimizer extends Optimizer {
  /** May be changed between steps. For a schedule, prefer `eta`. */
  learningRate: number;
  /** May be changed between steps. */
  weightDecay: number;
  /** The schedule multiplier of the next step: scales the learning rate and, by convention, the decay. */
  eta = 1;
  /** May be changed at a warm restart. */
  cycleSteps: number | undefined;
  readonly include: Include | undefined;
  private readonly inclusion: Inclusion;
  private readonly state: Slots;

  /** @param options as `checkOptions` gave them */
  constructor(
    protected readonly rule: OptimizerRule,
    options: CheckedOptions,
  ) {
    super();
    warnOfSecondCore();
    this.learningRate = options.learningRate;
    this.weightDecay = options.weightDecay;
    this.cycleSteps = options.cycleSteps;
    this.include = options.include;
    this.inclusion = new Inclusion(options.include);
    this.state = new Slots(this.stepper(this.weightDecay).slots);
  }

  /**
   * @throws OptionError for a setting that was changed to what it must not be, IncludeError for an include list that
   * cannot be matched, StateError for state that fits no variable; nothing has been changed then.
   */
  override applyGradients(gradients: VariableGradients): void {
    this.checkSettings();
    const decayed = this.stepper(this.weightDecay);
    const spared = this.stepper(0);
    const at = { t: this.iterations + 1, eta: this.eta, cycleSteps: this.cycleSteps ?? 1 };
    const all = pairs(gradients);
    const variables = all.map(({ variable }) => variable);
    const decaying = this.inclusion.of(variables);
    this.state.match(variables);
    for (const { variable, gradient } of all) {
      const optimizer = decaying.has(variable) ? decayed : spared;
      stepVariable(optimizer, variable, gradient, this.state.of(variable), at);
    }
    this.incrementIterations();
  }

  override async getWeights(): Promise<NamedTensor[]> {
    return [await this.saveIterations(), ...this.state.weights()];
  }

  override async setWeights(weights: NamedTensor[]): Promise<void> {
    this.state.load(await this.extractIterations(weights));
  }

  override getConfig(): serialization.ConfigDict {
    return {
      learningRate: this.learningRate,
      weightDecay: this.weightDecay,
      convention: this.rule.convention,
      // Absent where the class says it: versions before the option refuse it.
      ...(this.rule.placement === undefined ? {} : { placement: this.rule.placement }),
      ...includeConfig(this.include),
      ...(this.cycleSteps === undefined ? {} : { cycleSteps: this.cycleSteps }),
    };
  }

  override dispose(): void {
    this.state.dispose();
  }

  /** From what getConfig() gave, through whatever tfjs does to it. */
  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    const options = { ...config };
    // tfjs-layers adds these.
    delete options['customObjects'];
    if (options['include'] !== undefined)
      options['include'] = includeFromConfig(options['include']) as serialization.ConfigDictValue;
    return new cls(options);
  }

  private checkSettings(): void {
    const { learningRate, weightDecay, eta, cycleSteps } = this;
    const { convention } = this.rule;
    checkOptions(stepSettings, this.getClassName(), {
      learningRate,
      weightDecay,
      eta,
      cycleSteps,
      convention,
    });
  }

  private stepper(wd: number) {
    return makeOptimizer(this.rule, { lr: this.learningRate, wd });
  }
}

const flat = (x: Tensor): Tensor1D => reshape(x, [-1]);

function stepVariable(
  optimizer: ReturnType<typeof makeOptimizer>,
  variable: Variable,
  gradient: Tensor,
  slots: readonly Variable[],
  at: StepInfo,
): void {
  tidy(() => {
    const next = optimizer.update(flat(variable), flat(gradient), slots.map(flat), at);
    variable.assign(reshape(next.theta, variable.shape));
    slots.forEach((slot, i) => slot.assign(reshape(next.slots[i]!, variable.shape)));
  });
}
