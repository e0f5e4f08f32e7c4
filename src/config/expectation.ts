/** What the schema wants at a path, found and put into words. */
import type { JsonSchema } from './jsonSchema.js';

/** The schemas that a value at `path` may follow, given the whole configuration (it decides between variants). */
export function schemasAt(root: JsonSchema, path: readonly PropertyKey[], data: unknown): JsonSchema[] {
  let schemas = [root];
  let datum = data;
  for (const segment of path) {
    const inside = schemas.flatMap((s) => alternatives(s, datum));
    schemas = inside.flatMap((s) => {
      const inner = typeof segment === 'number' ? s.items : s.properties?.[String(segment)];
      return inner === undefined ? [] : [inner];
    });
    datum = child(datum, segment);
  }
  return schemas;
}

function child(data: unknown, key: PropertyKey): unknown {
  if (typeof data !== 'object' || data === null || !Object.hasOwn(data, key)) return undefined;
  return (data as Record<PropertyKey, unknown>)[key];
}

/** The branches of a union that fit the kind of the datum and, for variants, its name; all where none fits. */
function alternatives(schema: JsonSchema, datum: unknown): JsonSchema[] {
  const branches = (schema.anyOf ?? schema.oneOf)?.flatMap((s) => alternatives(s, datum));
  if (branches === undefined) return [schema];
  const kind = Array.isArray(datum) ? 'array' : datum !== null ? typeof datum : 'null';
  const sameKind = branches.filter((s) => s.type === kind);
  const name = child(datum, 'name');
  const sameName = sameKind.filter((s) => s.properties?.['name']?.const === name);
  if (name !== undefined && sameName.length > 0) return sameName;
  return sameKind.length > 0 ? sameKind : branches;
}

/** The variants (`resnet`) of the union at `path` that have a key of this name. */
export function variantsWith(
  root: JsonSchema,
  path: readonly PropertyKey[],
  data: unknown,
  key: string,
): string[] {
  const branches = schemasAt(root, path, data).flatMap(variantsOf);
  return choices(branches.filter((s) => s.properties?.[key]).map((s) => s.properties?.['name'] ?? {}));
}

/** The variants of a schema, each a map with a `name`; an optimizer may also be a word. */
const variantsOf = (schema: JsonSchema): JsonSchema[] =>
  schema.oneOf ?? schema.anyOf?.flatMap(variantsOf) ?? [];

/** The choices, if it is a choice of words. */
export function choices(schemas: readonly JsonSchema[]): string[] {
  const words = (s: JsonSchema): string[] =>
    s.enum ?? (s.const === undefined ? (s.anyOf ?? []).flatMap(words) : [s.const]);
  return [...new Set(schemas.flatMap(words))];
}

/** The keys that a map may have at `path`. */
export function keysAt(root: JsonSchema, path: readonly PropertyKey[], data: unknown): string[] {
  const datum = path.reduce(child, data);
  const schemas = schemasAt(root, path, data).flatMap((s) => alternatives(s, datum));
  return [...new Set(schemas.flatMap((s) => Object.keys(s.properties ?? {})))];
}

/** Dotted paths at which a key of this name exists, e.g. `train.epochs` for `epochs`. */
export function pathsOfKey(root: JsonSchema, key: string): string[] {
  const found = new Set<string>();
  const walk = (schema: JsonSchema, path: readonly string[]): void => {
    for (const [name, inner] of Object.entries(schema.properties ?? {})) {
      if (name === key) found.add([...path, name].join('.'));
      walk(inner, [...path, name]);
    }
    for (const branch of schema.anyOf ?? schema.oneOf ?? []) walk(branch, path);
    if (schema.items) walk(schema.items, [...path, '0']);
  };
  walk(root, []);
  return [...found].sort((a, b) => a.length - b.length);
}

/** What is expected, as words that follow "expected": "a whole number above 0". */
export function expectation(schemas: readonly JsonSchema[]): string {
  const words = choices(schemas.filter((s) => s.anyOf === undefined));
  const named = words.length === 0 ? [] : [words.length === 1 ? words[0]! : `one of ${words.join(', ')}`];
  const rest = schemas.filter((s) => s.enum === undefined && s.const === undefined);
  const ofThem = (s: JsonSchema) => words.length > 1 && namesOf(s).join() === words.join();
  const others = rest.map((s) => (ofThem(s) ? 'a map with one of them as its `name`' : oneExpectation(s)));
  return [...new Set([...named, ...others])].join(', or ');
}

function oneExpectation(schema: JsonSchema): string {
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return unionExpectation(branches);
  switch (schema.type) {
    case 'integer':
      return `a whole number${bounds(schema)}`;
    case 'number':
      return `a number${bounds(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'array':
      return listExpectation(schema);
    case 'object':
      return mapExpectation(schema);
    default:
      return textExpectation(schema);
  }
}

/** The names of a schema's variants. */
const namesOf = (schema: JsonSchema): string[] =>
  choices(variantsOf(schema).map((variant) => variant.properties?.['name'] ?? {}));

function unionExpectation(branches: readonly JsonSchema[]): string {
  const names = branches.map((s) => s.properties?.['name']?.const);
  return names.includes(undefined)
    ? expectation(branches)
    : `a map with a \`name\`: one of ${names.join(', ')}`;
}

function textExpectation({ minLength, maxLength }: JsonSchema): string {
  if (maxLength === undefined) return 'a text';
  return minLength === undefined
    ? `a text of at most ${maxLength} characters`
    : `a text of ${minLength} to ${maxLength} characters`;
}

function listExpectation({ items, minItems }: JsonSchema): string {
  const list = minItems === undefined ? 'a list' : 'a non-empty list';
  if (items?.type !== 'number' && items?.type !== 'integer') return list;
  return `${list} of ${oneExpectation(items).replace(/^a /, '').replace('number', 'numbers')}`;
}

function mapExpectation(schema: JsonSchema): string {
  const keys = Object.keys(schema.properties ?? {});
  return keys.length > 4 ? `a map with the keys ${keys.join(', ')}` : shape(schema);
}

function shape(schema: JsonSchema): string {
  const keys = Object.entries(schema.properties ?? {});
  return `{${keys.map(([k, s]) => (s.type === 'object' ? `${k}: ${shape(s)}` : k)).join(', ')}}`;
}

function bounds(schema: JsonSchema): string {
  const { maximum, exclusiveMinimum: above, exclusiveMaximum: below } = schema;
  const whole = schema.type === 'integer' && above !== undefined && maximum !== undefined;
  const minimum = whole ? above + 1 : schema.minimum;
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const parts = [
    above === undefined ? [] : `above ${above}`,
    minimum === undefined ? [] : `of at least ${minimum}`,
    below === undefined ? [] : `below ${below}`,
    maximum === undefined ? [] : `of at most ${maximum}`,
  ].flat();
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}
