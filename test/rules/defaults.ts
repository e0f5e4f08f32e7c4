/** A rule's settings at their defaults. */
import { ruleOf, type RuleName } from '../../src/rules/index.js';

export const settingDefaults = (name: RuleName): Record<string, number | string | boolean> =>
  Object.fromEntries(Object.entries(ruleOf(name).settings).map(([key, setting]) => [key, setting.default]));
