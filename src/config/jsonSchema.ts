/** The schema as JSON Schema: editors complete and check against it, and messages and docs are made from it. */
import { z } from 'zod';
import { experimentSchema } from '../experiment/experiment.js';

/** The part of JSON Schema (draft 2020-12) that our schema uses. */
export interface JsonSchema {
  $schema?: string;
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  title?: string;
  description?: string;
  type?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  if?: JsonSchema;
  then?: JsonSchema;
  else?: JsonSchema;
  enum?: string[];
  const?: string;
  default?: unknown;
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

// Made when it is first asked for: only errors and editors need it.
let made: JsonSchema | undefined;

/** The schema of a complete configuration, `extends` not included. Do not change it: it is made once. */
export function settingsSchema(): JsonSchema {
  made ??= tidy(z.toJSONSchema(experimentSchema, { io: 'input' }) as JsonSchema);
  return made;
}

/** Every subschema, changed by a function from the leaves up. */
function mapSchema(schema: JsonSchema, change: (s: JsonSchema) => JsonSchema): JsonSchema {
  const inner = (s: JsonSchema): JsonSchema => mapSchema(s, change);
  const copy = { ...schema };
  if (copy.properties) {
    copy.properties = Object.fromEntries(Object.entries(copy.properties).map(([k, s]) => [k, inner(s)]));
  }
  if (copy.items) copy.items = inner(copy.items);
  if (copy.anyOf) copy.anyOf = copy.anyOf.map(inner);
  if (copy.oneOf) copy.oneOf = copy.oneOf.map(inner);
  return change(copy);
}

/** zod bounds every integer by 2^53-1, which tells a reader nothing. */
function tidy(schema: JsonSchema): JsonSchema {
  return mapSchema(schema, (s) => {
    if (s.maximum === Number.MAX_SAFE_INTEGER) delete s.maximum;
    return s;
  });
}

const EXTENDS: JsonSchema = {
  type: 'string',
  minLength: 1,
  description:
    'Path of another configuration, relative to this file: its settings are inherited, and this file states what differs. Maps are merged, lists replaced.',
};

/**
 * What configs/schema.json holds. A file with `extends` may leave out anything, so it is checked against a copy
 * without required keys.
 */
export function editorSchema(): JsonSchema {
  const { $schema, ...settings } = settingsSchema();
  const complete = { ...settings, properties: { extends: EXTENDS, ...settings.properties } };
  const partial = mapSchema(complete, ({ required: _, oneOf, ...rest }) =>
    // Without its name a model may match several variants.
    oneOf === undefined ? rest : { ...rest, anyOf: oneOf },
  );
  const { kept, shared } = share({ complete, extending: partial });
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: 'adamw-bench experiment',
    description:
      'Data, model, training, optimizers and the lr x wd grid of one experiment. See docs/config.md.',
    type: 'object',
    if: { required: ['extends'] },
    then: { $ref: '#/$defs/extending' },
    else: { $ref: '#/$defs/complete' },
    $defs: { ...kept, ...shared },
  };
}

/** A schema of at least so many characters that stands in several places is written once. */
const WORTH_SHARING = 150;

/** Every optimizer has an lr, a wd and a schedule: what occurs more than once becomes a definition of its own. */
function share(roots: Record<string, JsonSchema>): {
  kept: Record<string, JsonSchema>;
  shared: Record<string, JsonSchema>;
} {
  const counts = new Map<string, number>();
  const count = (schema: JsonSchema): JsonSchema => {
    const text = JSON.stringify(schema);
    counts.set(text, (counts.get(text) ?? 0) + 1);
    return schema;
  };
  for (const root of Object.values(roots)) mapSchema(root, count);
  const names = new Map<string, string>();
  const shared: Record<string, JsonSchema> = {};
  const refer = (key: string, schema: JsonSchema): JsonSchema => {
    const text = JSON.stringify(schema);
    if (text.length < WORTH_SHARING || counts.get(text) === 1) return inside(schema);
    let name = names.get(text);
    if (name === undefined) {
      const same = Object.keys(shared).filter((other) => other.split('-')[0] === key).length;
      name = same === 0 ? key : `${key}-${same + 1}`;
      names.set(text, name);
      shared[name] = inside(schema);
    }
    return { $ref: `#/$defs/${name}` };
  };
  const inside = (schema: JsonSchema): JsonSchema => {
    const copy = { ...schema };
    if (copy.properties) {
      const entries = Object.entries(copy.properties);
      copy.properties = Object.fromEntries(entries.map(([key, inner]) => [key, refer(key, inner)]));
    }
    if (copy.items) copy.items = inside(copy.items);
    if (copy.anyOf) copy.anyOf = copy.anyOf.map(inside);
    if (copy.oneOf) copy.oneOf = copy.oneOf.map(inside);
    return copy;
  };
  const kept = Object.fromEntries(Object.entries(roots).map(([name, root]) => [name, inside(root)]));
  return { kept, shared };
}
