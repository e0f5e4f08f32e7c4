/** docs/errors.md lists the codes of the errors in src/, all of them and no others. */
import { readdirSync, readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

interface Found {
  readonly codes: ReadonlySet<string>;
  /** Codes that are computed in a way that this test cannot follow, with their places. */
  readonly unclear: readonly string[];
}

/** Not codes of errors of ours: zod's own, and the lines of a configuration that are shown in a message. */
const others: Readonly<Record<string, string>> = {
  'src/experiment/issues.ts': 'custom',
  'src/config/source.ts': '',
};

/** Codes that are made from a value: the text of the template, and what is documented for it. */
const templates: Readonly<Record<string, (file: ts.SourceFile) => readonly string[]>> = {
  '`worker-${kind}`': (file) => kindsIn(file).map((kind) => `worker-${kind}`),
  '`file-${errnoOf(error)!.toLowerCase()}`': () => ['file-<errno>'],
};

/** The strings of a union type. */
const stringsOf = (type: ts.TypeNode | undefined): readonly string[] =>
  type && ts.isUnionTypeNode(type)
    ? type.types.flatMap((one) =>
        ts.isLiteralTypeNode(one) && ts.isStringLiteral(one.literal) ? [one.literal.text] : [],
      )
    : [];

/** The values of the type of a constructor's parameter `kind`. */
function kindsIn(file: ts.SourceFile): readonly string[] {
  const kinds: string[] = [];
  visit(file, (node) => {
    if (ts.isParameter(node) && node.name.getText() === 'kind') kinds.push(...stringsOf(node.type));
  });
  return kinds;
}

function visit(node: ts.Node, act: (node: ts.Node) => void): void {
  act(node);
  ts.forEachChild(node, (child) => visit(child, act));
}

/** Where a code is given: `code: …` in an object, a default `code = …`, the first argument of the queue's makers, the fourth of BackendError. */
function codeIn(node: ts.Node): ts.Expression | undefined {
  if (ts.isPropertyAssignment(node) && node.name.getText() === 'code') return node.initializer;
  if (ts.isBindingElement(node) && node.name.getText() === 'code') return node.initializer;
  // Its fourth argument; a variable there has a type of its own.
  if (ts.isNewExpression(node) && node.expression.getText() === 'BackendError') {
    const given = node.arguments?.[3];
    return given && ts.isIdentifier(given) ? undefined : given;
  }
  const isMaker = ts.isCallExpression(node) && ['final', 'passing'].includes(node.expression.getText());
  return isMaker ? node.arguments[0] : undefined;
}

function codesOf(path: string, text: string): Found {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const codes = new Set<string>();
  const unclear: string[] = [];
  visit(file, (node) => {
    // A class whose codes are a type of their own.
    if (ts.isTypeAliasDeclaration(node) && node.name.text.endsWith('Code'))
      stringsOf(node.type).forEach((code) => codes.add(code));
    const given = codeIn(node);
    if (given === undefined) return;
    const made = templates[given.getText()]?.(file);
    if (made) made.forEach((code) => codes.add(code));
    else if (!ts.isStringLiteral(given)) {
      if (others[path] !== '') unclear.push(`${path}: ${given.getText()}`);
    }
    // A default of a system error's code is empty or has spaces.
    else if (/^[a-z][a-z0-9-]*$/.test(given.text) && others[path] !== given.text) codes.add(given.text);
  });
  return { codes, unclear };
}

describe('docs/errors.md', () => {
  const found = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `src/${name.replaceAll('\\', '/')}`)
    .map((path) => codesOf(path, readFileSync(path, 'utf8')));
  const inSource = [...new Set(found.flatMap(({ codes }) => [...codes]))].sort();
  const page = readFileSync('docs/errors.md', 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z0-9<>-]+)` +\|(.*)\|(.*)\|(.*)\|$/gm)];
  const listed = rows.map(([, code]) => code!);

  test('every code of the source can be told from its text', () =>
    expect(found.flatMap(({ unclear }) => unclear)).toEqual([]));

  test('lists every code that the source has', () =>
    expect(inSource.filter((code) => !listed.includes(code))).toEqual([]));

  test('lists no code that the source lacks', () =>
    expect(listed.filter((code) => !inSource.includes(code))).toEqual([]));

  test('lists each code once, with when and what to do', () => {
    expect(listed).toHaveLength(new Set(listed).size);
    expect(rows).toHaveLength(page.split('\n').filter((line) => line.startsWith('| `')).length);
    for (const [row, , when, exit, remedy] of rows) {
      expect(when!.trim(), row).not.toBe('');
      expect(exit!.trim(), row).toMatch(/^(1|2|2 or 1|3|130|)$/);
      expect(remedy!.trim(), row).not.toBe('');
    }
  });
});

test.each([
  ["throw new QueueError('x', { code: 'a-new-code' });", ['a-new-code'], 0],
  ["const { code = 'a-default' } = options;", ['a-default'], 0],
  ["const full = passing('redis-x', 'what', 'remedy');", ['redis-x'], 0],
  [
    "class F { constructor(kind: 'a' | 'b') { f({ code: `worker-${kind}` }); } }",
    ['worker-a', 'worker-b'],
    0,
  ],
  ["throw new BackendError('cpu', 'reason', 'advice', 'a-code');", ['a-code'], 0],
  ["f({ code: wide ? 'one' : 'two' });", [], 1],
  ["const { code = 'unknown error' } = error;", [], 0],
])('the codes of %s are found', (text, codes, unclear) => {
  const found = codesOf('src/x.ts', text);
  expect([...found.codes]).toEqual(codes);
  expect(found.unclear).toHaveLength(unclear);
});
