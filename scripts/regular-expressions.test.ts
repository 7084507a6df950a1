/** A regular expression that takes the square of a text's length, or worse, stops a program by a text of some kilobytes. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { test } from 'node:test';
import { type AST, RegExpParser, visitRegExpAST } from '@eslint-community/regexpp';
import { type AnyNode, parse } from 'acorn';
import { analyse } from 'scslre';

const ROOT = new URL('../', import.meta.url).pathname;
const PROGRAMS =
  '{contract,runtime,kubernetes,http,settings,dns,cnpg,notify,controller,webhook,sidecar,cli}/**/*.ts';
/** Texts of the user's own, on his machine: that one grows with the square of a run of spaces does no harm. */
const OF_OWN_FILES = 'cli/manifests/';

interface Slow {
  readonly expression: string;
  readonly type: string;
  readonly isExponential: boolean;
}

/** Whoever begins anew at each character of a long run, and fails at its end, is slow by a `Move`. */
function slowIn(source: string): Slow[] {
  const program = parse(stripTypeScriptTypes(source), { ecmaVersion: 'latest', sourceType: 'module' });
  return [...expressionsIn(nodesIn(program))].flatMap(({ pattern, flags }) => {
    const expression = `/${pattern}/${flags}`;
    const reports = analyse({ source: pattern, flags }).reports.map(
      ({ type, exponential: isExponential }) => ({
        expression,
        type,
        isExponential,
      }),
    );
    return takesTwice(pattern, flags)
      ? [...reports, { expression, type: 'Twice', isExponential: true }]
      : reports;
  });
}

/**
 * Whether a repeated group takes one character in two ways, as `(?:a|\w)*` does: V8 tries both for each of them. The
 * analysis takes the two for one set of characters.
 */
function takesTwice(pattern: string, flags: string): boolean {
  let isFound = false;
  const tree = new RegExpParser().parsePattern(pattern, 0, pattern.length, { unicode: flags.includes('u') });
  visitRegExpAST(tree, {
    onQuantifierEnter({ element, max }) {
      if (max < 2 || !('alternatives' in element)) return;
      const taken = element.alternatives.filter(isOneCharacter).map(({ raw }) => charactersOf(raw, flags));
      isFound ||= taken.some((one, index) =>
        taken.slice(index + 1).some((other) => [...one].some((character) => other.has(character))),
      );
    },
  });
  return isFound;
}

function isOneCharacter({ elements: [first, ...others] }: AST.Alternative): boolean {
  return others.length === 0 && first?.type.startsWith('Character') === true;
}

const CHARACTERS = Array.from({ length: 2 ** 16 }, (_, code) => String.fromCharCode(code));

function charactersOf(raw: string, flags: string): Set<string> {
  const expression = new RegExp(`^${raw}$`, flags.replace(/[gy]/g, ''));
  return new Set(CHARACTERS.filter((character) => expression.test(character)));
}

function* nodesIn(value: unknown): Generator<AnyNode> {
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return;
  if ('type' in value) yield value as AnyNode;
  for (const child of Object.values(value)) yield* nodesIn(child);
}

/** Literals, and those that are put together of texts: of what is known only at run time any letter stands for all. */
function* expressionsIn(nodes: Iterable<AnyNode>): Generator<{ pattern: string; flags: string }> {
  const texts = new Map<string, string>();
  const textOf = (node: AnyNode | null | undefined): string | undefined => {
    if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
    if (node?.type === 'Identifier') return texts.get(node.name);
    if (node?.type !== 'TemplateLiteral') return undefined;
    const known = node.expressions.map((expression) => textOf(expression) ?? 'a');
    return node.quasis.map(({ value }, index) => `${value.cooked ?? ''}${known[index] ?? ''}`).join('');
  };
  for (const node of nodes) {
    if (node.type === 'VariableDeclarator' && node.id.type === 'Identifier') {
      const text = textOf(node.init);
      if (text !== undefined) texts.set(node.id.name, text);
    }
    if (node.type === 'Literal' && node.regex) yield node.regex;
    if (node.type !== 'NewExpression' || node.callee.type !== 'Identifier' || node.callee.name !== 'RegExp')
      continue;
    const [source, flags] = node.arguments;
    const pattern = textOf(source);
    assert.ok(pattern !== undefined, 'an expression that is put together must be of texts and templates');
    yield { pattern, flags: textOf(flags) ?? '' };
  }
}

test('an expression that is slow is found', () => {
  const slow = (source: string) => slowIn(source).map(({ type, isExponential }) => [type, isExponential]);
  assert.deepEqual(slow('const a: RegExp = /^(\\d+\\.?\\d*|\\.\\d+)$/;'), [['Trade', false]]);
  assert.deepEqual(slow('f(/^(?:\\s|#[^\\n]*)*,/ as RegExp);'), [
    ['Trade', true],
    ['Self', true],
  ]);
  assert.deepEqual(slow('x.replace(/ *\\n/g, y / 2 / z);'), [['Move', false]]);
  assert.deepEqual(slow('const b = /^[a-z]+$/;'), []);
  assert.deepEqual(slow(`const S = '\\\\s|#[^\\\\n]*'; new RegExp(\`^(?:\${S})*,\${name}\`);`), [
    ['Trade', true],
    ['Self', true],
  ]);
  // What is white space in JavaScript has the byte order mark among it.
  assert.deepEqual(slow('const c = /^(?:\\uFEFF|\\s|-->)*</;'), [['Twice', true]]);
});

test('no expression takes more than its share of a text', () => {
  const files = globSync(PROGRAMS, { cwd: ROOT }).filter((file) => !file.endsWith('.test.ts'));
  assert.ok(files.length > 300, `${files.length}`);
  const slow = files.flatMap((file) =>
    slowIn(readFileSync(`${ROOT}${file}`, 'utf8'))
      .filter(({ type }) => type !== 'Move' || !file.startsWith(OF_OWN_FILES))
      .map((found) => ({ file, ...found })),
  );
  assert.deepEqual(slow, []);
});
