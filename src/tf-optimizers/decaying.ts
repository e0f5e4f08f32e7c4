/** The tf.Optimizer around the rules of src/rules: a pure step, applied to the variables of a tfjs program. */
import { Optimizer, tidy, type serialization, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { decayFactor } from '../optim/scalars.js';
import type { Ops } from '../rules/ops.js';
import type { Transform } from '../rules/transforms.js';
import { pairs, type NamedTensor, type VariableGradients } from './gradients.js';
import { arrange, join, separate } from './groups.js';
import { includeConfig, includeFromConfig, Inclusion, type Exclude, type Include } from './include.js';
import type { Making } from './making.js';
import { withOps } from './ops.js';
import { checkOptions, requireRun, stepSettings } from './options.js';
import { scheduleFunction, type ScheduleOption, type StepSchedule } from './schedule.js';
import { warnOfSecondCore } from './secondCore.js';
import { Slots, type Group } from './slots.js';

/** What all classes but the extended ones have in common. */
export interface DecayingOptions {
  /** alpha of the paper. */
  learningRate: number;
  /** lambda of the paper. */
  weightDecay: number;
  /**
   * What multiplies decoupled decay in each step. `paper` (default): eta*wd; `lr`: eta*lr*wd (PyTorch, Keras, optax);
   * `constant`: wd (TensorFlow addons); `normalized`: eta*wd*sqrt(1/cycleSteps); `timescale`: eta*wd/stepsPerEpoch of the
   * schedule, so that 1/wd is the number of epochs in which a weight is forgotten. AdamL2 and SGDL2 ignore it.
   */
  convention?: 'paper' | 'lr' | 'constant' | 'normalized' | 'timescale';
  /** The variables that decay; default all. */
  include?: Include;
  /** The variables that do not decay, of those; default none. `'rank1'`: biases and the parameters of norms. */
  exclude?: Exclude;
  /** Steps of the run, or of the restart cycle; what convention `normalized` needs, if there is no schedule. */
  cycleSteps?: number;
  /** How the learning rate, and by convention the decay, change from step to step. Default: not at all. */
  schedule?: ScheduleOption;
}

/** The position of a step, see src/optim. */
interface Position {
  readonly t: number;
  readonly eta: number;
  readonly cycleSteps: number;
}

/** The base of the classes. Their state is named after the variables: `dense/kernel/m`. */
export abstract class DecayingOptimizer extends Optimizer {
  /** May be changed between steps. For a curve over the run, prefer `schedule`. */
  learningRate: number;
  /** May be changed between steps. */
  weightDecay: number;
  /** Multiplies the schedule in the next step: scales the learning rate and, by convention, the decay. */
  eta = 1;
  /** May be changed at a warm restart. */
  cycleSteps: number | undefined;
  readonly include: Include | undefined;
  readonly exclude: Exclude | undefined;
  readonly schedule: ScheduleOption | undefined;
  private readonly inclusion: Inclusion;
  private readonly scheduled: StepSchedule | undefined;
  private readonly state: Slots;
  /** The chain of each group, and the decay that it was made with. */
  private readonly chains = new WeakMap<Group, { wd: number; chain: Transform }>();

  constructor(private readonly making: Making) {
    super();
    warnOfSecondCore();
    const { options } = making;
    this.learningRate = options.learningRate;
    this.weightDecay = options.weightDecay;
    this.cycleSteps = options.cycleSteps;
    this.include = options.include;
    this.exclude = options.exclude;
    this.schedule = options.schedule;
    this.scheduled = options.schedule && scheduleFunction(options.schedule);
    this.inclusion = new Inclusion(options.include, options.exclude);
    this.state = new Slots(making.chain(0, []).slots);
    this.requireRun();
  }

  /**
   * @throws OptionError for a setting that was changed to what it must not be, IncludeError for a list of names that
   * cannot be matched, StateError for state that fits no variable; nothing has been changed then.
   */
  override applyGradients(gradients: VariableGradients): void {
    this.checkSettings();
    const given = new Map(pairs(gradients).map(({ variable, gradient }) => [variable, gradient]));
    const variables = [...given.keys()];
    const decaying = this.inclusion.of(variables);
    const matrices = this.matricesAmong(variables);
    this.state.match(variables);
    const arranged = [true, false].flatMap((decays) =>
      arrange(
        variables.filter((variable) => decaying.has(variable) === decays),
        (variable) => matrices.has(variable),
        decays,
      ),
    );
    const at = this.position();
    withOps((ops) => {
      for (const group of this.state.of(arranged)) this.step(ops, group, given, at);
    });
    this.incrementIterations();
  }

  override async getWeights(): Promise<NamedTensor[]> {
    return [await this.saveIterations(), ...this.state.weights()];
  }

  /** Takes over what `getWeights()` gave, here or in another process. The tensors stay the caller's. */
  override async setWeights(weights: NamedTensor[]): Promise<void> {
    this.state.load(await this.extractIterations(weights));
  }

  override getConfig(): serialization.ConfigDict {
    const { learningRate, weightDecay, cycleSteps, schedule, include, exclude } = this;
    const { options, config } = this.making;
    const optional = { cycleSteps, schedule: schedule && { ...schedule } };
    return {
      learningRate,
      weightDecay,
      convention: options.convention,
      ...includeConfig({ include, exclude }),
      // Absent where they are not given: earlier versions refuse them.
      ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
      ...(config as serialization.ConfigDict),
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
    for (const list of ['include', 'exclude', 'matrices'])
      if (options[list] !== undefined)
        options[list] = includeFromConfig(options[list]) as serialization.ConfigDictValue;
    return new cls(options);
  }

  /** The variables that the rule takes as matrices; none, where it takes vectors. */
  protected matricesAmong(_variables: readonly Variable[]): ReadonlySet<Variable> {
    return new Set();
  }

  private position(): Position {
    const t = this.iterations + 1;
    const { eta, cycleSteps } = this.scheduled?.(t) ?? { eta: 1, cycleSteps: 1 };
    return { t, eta: this.eta * eta, cycleSteps: this.cycleSteps ?? cycleSteps };
  }

  /** One step of a group: theta - chain(gradient). */
  private step(ops: Ops<Tensor>, group: Group, gradients: ReadonlyMap<Variable, Tensor>, at: Position): void {
    const { learningRate: lr, making } = this;
    const wd = group.decays ? this.weightDecay : 0;
    const rates = { lr, wd, stepsPerEpoch: this.schedule?.stepsPerEpoch };
    const decay = making.acts === 'on theta' ? decayFactor(making.options.convention, rates, at) : 0;
    const chain = this.chainOf(group, making.acts === 'on gradient' ? wd : 0);
    const s = chain.numbers({ t: at.t, stepSize: at.eta * lr, decay });
    const { variables, slots } = group;
    tidy(() => {
      const theta = join(variables);
      const gradient = join(variables.map((variable) => gradients.get(variable)!));
      const next = chain.apply<Tensor>(gradient, { ops, theta, mask: undefined, slots, s });
      const shapes = variables.map(({ shape }) => shape);
      const pieces = separate(ops.sub(theta, next.update), shapes);
      for (const [i, piece] of pieces.entries()) variables[i]!.assign(piece);
      // To assign a variable to itself would free its values.
      for (const [i, slot] of next.slots.entries()) if (slot !== slots[i]) slots[i]!.assign(slot);
    });
  }

  private chainOf(group: Group, wd: number): Transform {
    const found = this.chains.get(group);
    if (found?.wd === wd) return found.chain;
    const chain = this.making.chain(wd, group.layout);
    this.chains.set(group, { wd, chain });
    return chain;
  }

  private checkSettings(): void {
    const { learningRate, weightDecay, eta, cycleSteps } = this;
    checkOptions(stepSettings, this.getClassName(), { learningRate, weightDecay, eta, cycleSteps });
    this.requireRun();
  }

  private requireRun(): void {
    requireRun(this.getClassName(), this.making.options.convention, this);
  }
}
