/**
 * The rules that update theta, and where decay can enter them. This room is arithmetic: it knows no engine, reads
 * nothing and imports no other room.
 */
import { adadelta } from './adadelta.js';
import { adagrad } from './adagrad.js';
import { adam } from './adam.js';
import { adamax } from './adamax.js';
import { amsgrad } from './amsgrad.js';
import { lion } from './lion.js';
import { muon } from './muon.js';
import { nadam } from './nadam.js';
import { nesterov } from './nesterov.js';
import { radam } from './radam.js';
import { rmsprop } from './rmsprop.js';
import type { Rule } from './rule.js';
import { sgd } from './sgd.js';

/** Every rule under its name in configurations. */
export const RULES = {
  adam,
  sgd,
  nesterov,
  amsgrad,
  adamax,
  nadam,
  radam,
  rmsprop,
  adagrad,
  adadelta,
  lion,
  muon,
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;

export const RULE_NAMES = Object.keys(RULES) as readonly RuleName[] as readonly [RuleName, ...RuleName[]];

/** The rule of a name, without the types of its own settings. */
export const ruleOf = (name: RuleName): Rule => RULES[name];
