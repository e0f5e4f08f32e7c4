/** The specification of an optimizer: what all have, and each rule's own settings. */
import { z } from 'zod';
import { ruleOf } from '../rules/index.js';
import type { Setting } from '../rules/settings.js';
import type { Axis } from './axis.js';
import { exclusionSchema } from './exclusion.js';
import { report, type Context } from './issues.js';
import { CONVENTIONS, isClassic, ownSettings, type CellOptimizer } from './optimizerSettings.js';
import {
  actionOf,
  checkPlacement,
  familyOf,
  OPTIMIZER_NAMES,
  PLACEMENTS,
  placementOf,
  withoutSynonyms,
  type OptimizerName,
  type Placed,
} from './placement.js';
import { count, lrAxis, positive, scheduleSchema, wdAxis, type Schedule } from './specs.js';

/** An optimizer of a configuration, every default filled in. */
export type OptimizerSpec = CellOptimizer & {
  readonly label?: string | undefined;
  readonly lr?: Axis | undefined;
  readonly wd?: Axis | undefined;
  readonly schedule?: Schedule | undefined;
  readonly epochs?: number | undefined;
};

const placement = z
  .enum(PLACEMENTS)
  .optional()
  .describe(
    'Where the decay enters. l2: the gradient. l2-in-m, l2-in-v: only the average of that moment. decoupled: the update. cautious: the update, but only where update and weight have one sign. none: nowhere (with wd: [0]). The default is l2, and decoupled for adamw, sgdw, lion and muon.',
  );

const label = z
  .string()
  .min(1)
  .max(60)
  .regex(/^[^\p{C}\u2028\u2029]+$/u, { error: 'must not contain control characters' })
  .optional()
  .describe('Name in tables and figures; default from `name` and `placement`.');

const convention = z
  .enum(CONVENTIONS)
  .default('paper')
  .describe(
    'What a step of decoupled decay subtracts, as a share of the weight. paper: eta*wd. lr: eta*lr*wd (PyTorch). constant: wd (TensorFlow). normalized: eta*wd*sqrt(b/(BT)). timescale: eta*wd/(steps per epoch), so that wd is 1/tau, tau in epochs.',
  );

/** A rule's setting as a schema. */
function schemaOf(setting: Setting): z.ZodType {
  const { about } = setting;
  switch (setting.kind) {
    case 'share':
      return z.number().min(0).lt(1).default(setting.default).describe(about);
    case 'positiveShare':
      return z.number().gt(0).lt(1).default(setting.default).describe(about);
    case 'positive':
      return positive.default(setting.default).describe(about);
    case 'atLeast0':
      return z.number().min(0).default(setting.default).describe(about);
    case 'count':
      return z.int().min(1).max(100).default(setting.default).describe(about);
    case 'flag':
      return z.boolean().default(setting.default).describe(about);
    case 'choice':
      return z
        .enum(setting.of as [string, ...string[]])
        .default(setting.default)
        .describe(about);
  }
}

/** The keys of one optimizer. What a cell keeps are those that decide its arithmetic. */
const fieldsOf = (name: OptimizerName) =>
  z.strictObject({
    name: z.literal(name).describe(`${ruleOf(familyOf({ name })).label}: ${decayWords({ name })}.`),
    placement,
    label,
    lr: lrAxis.optional().describe('Overrides grid.lr.'),
    wd: wdAxis.optional().describe('Overrides grid.wd.'),
    ...Object.fromEntries(ownSettings(name).map(([key, setting]) => [key, schemaOf(setting)])),
    convention,
    exclude: exclusionSchema,
    schedule: scheduleSchema.optional().describe('Overrides train.schedule.'),
    epochs: count.optional().describe('Overrides train.epochs.'),
  });

const decayWords = (placed: Placed): string =>
  placementOf(placed) === 'l2' ? 'L2 regularisation of strength wd' : 'decoupled weight decay wd';

/** As far as its type tells: the settings of a rule are known by name only here. */
type Variant = z.ZodObject<{ name: z.ZodLiteral<OptimizerName> }>;
const unionOf = (variants: readonly unknown[]) =>
  z.discriminatedUnion('name', variants as [Variant, ...Variant[]]) as z.ZodType;

const variants = OPTIMIZER_NAMES.map(fieldsOf);
const NOT_IN_CELLS = { label: true, lr: true, wd: true, schedule: true, epochs: true } as const;

export const optimizerSchema = (unionOf(variants) as z.ZodType<OptimizerSpec>)
  .superRefine(checkPlacement)
  .superRefine(checkConvention)
  .overwrite(withoutSynonyms);

/** The optimizer's settings that decide its arithmetic. Its label is not among them. */
export const cellOptimizerSchema = unionOf(
  variants.map((one) => one.omit(NOT_IN_CELLS)),
) as z.ZodType<CellOptimizer>;

/** The part of a specification that decides an optimizer's arithmetic. */
export function cellOptimizerOf(spec: OptimizerSpec): CellOptimizer {
  const entries = Object.entries(spec).filter(
    ([key, value]) => !(key in NOT_IN_CELLS) && value !== undefined,
  );
  // Which keys are left depends on the rule; the schema that gave the specification has seen to them.
  return Object.fromEntries(entries) as unknown as CellOptimizer;
}

/**
 * Refuses a convention where nothing is multiplied by it. Adam and SGD have always taken one beside L2, which ignores
 * it: such configurations stay good.
 */
function checkConvention(spec: OptimizerSpec, ctx: Context): void {
  if (spec.convention === 'paper' || actionOf(spec) === 'on theta') return;
  if (isClassic(spec) && spec.convention !== 'timescale') return;
  const where = placementOf(spec);
  const why =
    where === 'none' ? 'there is no decay' : `wd is part of the gradient, which the learning rate multiplies`;
  report(
    ctx,
    ['convention'],
    `has no meaning with the placement ${where}: ${why}`,
    'leave it out, or write placement: decoupled',
  );
}
