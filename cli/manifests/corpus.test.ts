import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GOLDEN_ENV } from '../../test/support/golden.ts';
import { manifestCorpus } from '../../test/support/manifests/corpus.ts';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { valuesOf, withoutEmpty } from '../testing/manifest-values.ts';
import { injectManifests, uninjectManifests } from './inject.ts';

/** test/integration/manifests.test.ts has others read such files. */
const FILES = manifestCorpus('corpus', 450);
const loaded = loadInjectorConfig(GOLDEN_ENV);
assert.ok(loaded.ok);
const { value: config } = loaded;

/** What is filled in JSON cannot be told from what is made there, as it has no place for a remark. */
const isEmptyInJson = (text: string): boolean =>
  /^\ufeff?(?:---[^\n]*\n|#[^\n]*\n|\s)*\{\s*"/m.test(text) &&
  /"(?:annotations|labels|initContainers|volumes)": ?(?:null|\{\s*\}|\[\s*\])/.test(text);

/** A remark that has several lines in one, or stands within braces. */
const QUOTES = /# before injection: "/;

const OUTCOMES = FILES.map((file) => ({ ...file, ...inject(file.name, file.text) }));

function inject(name: string, text: string): { output: string; notes: readonly string[] } {
  const { output, notes } = injectManifests(text, config);
  assert.ok(output !== undefined, `${name}: ${notes.join('; ')}`);
  assert.ok(!notes.some((note) => note.includes('reformatted')), name);
  return { output, notes };
}

describe('files as they are found anywhere', () => {
  test('are the same to the letter after injection and uninjection', () => {
    const files = OUTCOMES.filter(({ text }) => !isEmptyInJson(text));
    assert.ok(files.length > 300, `${files.length}`);
    for (const { name, text, output } of files) {
      if (!QUOTES.test(output)) assert.ok(isWithin(text, output), name);
      assert.equal(uninjectManifests(output).output, text, name);
    }
  });

  test('say the same after both where something empty in JSON was filled', () => {
    for (const { name, text, output } of OUTCOMES.filter((file) => isEmptyInJson(file.text))) {
      const { output: back = '' } = uninjectManifests(output);
      assert.deepEqual(withoutEmpty(valuesOf(back)), withoutEmpty(valuesOf(text)), name);
    }
  });

  test('are the same to the letter after injection where nothing in them asks for it', () => {
    const left = OUTCOMES.filter(({ notes }) => !notes.some((note) => note.endsWith(': injected')));
    assert.ok(left.length > 50 && left.length < FILES.length / 2, `${left.length}`);
    for (const { name, text, output } of left) assert.equal(output, text, name);
  });

  test('keep each line, in their order', () => {
    const files = OUTCOMES.filter(({ output }) => !QUOTES.test(output));
    assert.ok(files.length > 300, `${files.length}`);
    for (const { name, text, output } of files) {
      assert.equal(firstMissing(text.split('\n'), output.split('\n')), undefined, name);
    }
  });

  test('are left alone at a second injection', () => {
    for (const { name, output } of OUTCOMES) assert.equal(inject(name, output).output, output, name);
  });

  test('do not become longer by what an anchor names', () => {
    const file = OUTCOMES.find(({ name }) => name === 'many uses of an anchor');
    assert.ok(file !== undefined);
    assert.ok(file.output.length < file.text.length + 5_000);
  });
});

/** The first of `lines` without braces that is not among `others`, as it is or with something put into it. */
function firstMissing(lines: readonly string[], others: readonly string[]): string | undefined {
  let at = 0;
  return lines.find((line) => {
    if (/[\]}]|: (?:null|~)/.test(line)) return false;
    const found = others.findIndex((other, index) => index >= at && isWithin(line, other));
    at = found + 1;
    return found < 0;
  });
}

function isWithin(line: string, other: string): boolean {
  let at = 0;
  for (const char of other) if (line.startsWith(char, at)) at += char.length;
  return at === line.length && (line.trim() !== '' || other.trim() === '');
}
