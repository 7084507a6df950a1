/** A regular expression that takes the square of a text's length, or worse, stops a program by a text of some kilobytes. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { test } from 'node:test';
import { tokenizer } from 'acorn';
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
  const text = stripTypeScriptTypes(source);
  const tokens = tokenizer(text, { ecmaVersion: 'latest', sourceType: 'module' });
  return [...tokens].flatMap(({ type, start, end }) => {
    if (type.label !== 'regexp') return [];
    const [, pattern = '', flags = ''] = /^\/(.*)\/([a-z]*)$/.exec(text.slice(start, end)) ?? [];
    return analyse({ source: pattern, flags }).reports.map((report) => ({
      expression: `/${pattern}/${flags}`,
      type: report.type,
      isExponential: report.exponential,
    }));
  });
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
