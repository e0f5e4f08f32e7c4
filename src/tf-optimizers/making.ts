/** What a class is made of: a rule of src/rules, the placements that it offers, and its options. */
import { placementKinds, placesOf, type Placement } from '../rules/placements.js';
import type { Layout, Rule } from '../rules/rule.js';
import type { Setting } from '../rules/settings.js';
import type { Transform } from '../rules/transforms.js';
import { checkOptions, common, oneOf, optionOf, type CommonOptions, type Option } from './options.js';

/** A class, in terms of src/rules. */
export interface Spec {
  readonly rule: Rule;
  /** The first is the default. */
  readonly placements: readonly [Placement, ...Placement[]];
  /** Which of its options are settings of the rule: the option's name, and the setting's. */
  readonly settings: Readonly<Record<string, string>>;
  /** Options that are neither. */
  readonly others?: Readonly<Record<string, Option<unknown>>>;
}

/** The options of an optimizer of the class, checked. */
export interface Making {
  readonly rule: Rule;
  readonly options: CommonOptions;
  /** `spec.others`, as given. */
  readonly others: Readonly<Record<string, unknown>>;
  /** Whether the decay acts on the gradient, on theta or nowhere. */
  readonly acts: (typeof placementKinds)[Placement]['acts'];
  /** @param wd of decay that acts on the gradient */
  chain(wd: number, layout: Layout): Transform;
  /** The class's own options for getConfig(). */
  readonly config: Readonly<Record<string, unknown>>;
}

/** Placements of a class with decoupled decay. */
export const DECOUPLED = ['decoupled', 'cautious'] as const;

/** @throws OptionError for options that the class does not take */
export function make(spec: Spec, className: string, options: unknown): Making {
  const { rule, placements, settings, others = {} } = spec;
  const own = Object.entries(settings).map(
    ([name, setting]) => [name, optionOf(name, rule.settings[setting]!)] as const,
  );
  const known = { ...common, placement: oneOf(...placements) };
  const checked = checkOptions<typeof known & Readonly<Record<string, Option<unknown>>>>(
    { ...known, ...others, ...Object.fromEntries(own) },
    className,
    options,
  );
  const values = { ...defaultsOf(rule), ...chosen(rule, settings, checked) };
  const { placement } = checked;
  return {
    rule,
    options: checked,
    others: Object.fromEntries(Object.keys(others).map((name) => [name, checked[name]])),
    acts: placementKinds[placement].acts,
    chain: (wd, layout) => rule.chain(values, placesOf(placement, wd), layout),
    config: {
      // Absent where the class says it: versions before the option refuse it.
      ...(placement === placements[0] ? {} : { placement }),
      ...Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, values[setting]])),
    },
  };
}

type Values = Record<string, Setting['default']>;

const defaultsOf = ({ settings }: Rule): Values =>
  Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, setting.default]));

/** The settings that the options give. null stands for the default, as in tfjs's own optimizers. */
function chosen(rule: Rule, settings: Spec['settings'], options: Readonly<Record<string, unknown>>): Values {
  return Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [
      setting,
      (options[name] as Setting['default'] | null) ?? rule.settings[setting]!.default,
    ]),
  );
}
