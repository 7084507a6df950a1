import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Documents } from '../../cli/manifests/documents.ts';
import { injectManifests } from '../../cli/manifests/inject.ts';
import { readPlain } from '../../cli/manifests/scalar.ts';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { GOLDEN_ENV } from '../support/golden.ts';
import { type ManifestFile, manifestCorpus } from '../support/manifests/corpus.ts';
import { injected } from '../support/manifests/expected.ts';
import { itemsOf, type Judge, readWithKubectl, readWithPython } from '../support/manifests/judges.ts';
import { SeededRandom } from '../support/random.ts';

const loaded = loadInjectorConfig(GOLDEN_ENV);
assert.ok(loaded.ok);
const { value: config } = loaded;
const CORPUS = manifestCorpus('judged', 400);

function inject({ name, text }: ManifestFile): string {
  const { output, notes } = injectManifests(text, config);
  assert.ok(output !== undefined, `${name}: ${notes.join('; ')}`);
  return output;
}

/** Each file says after injection what it said before, and what the webhook would add. */
async function judge(read: Judge, files: readonly ManifestFile[]): Promise<void> {
  const [before, after] = await Promise.all([read(files.map(({ text }) => text)), read(files.map(inject))]);
  for (const [index, { name, text }] of files.entries()) {
    const wanted = before[index]?.map((object) => injected(object, config));
    assert.deepEqual(after[index], wanted, `${name}:\n${text}`);
  }
}

describe('manifests as they are found anywhere, after injection', () => {
  test('say for kubectl what they have to', () =>
    judge(
      readWithKubectl,
      CORPUS.filter(({ forKubectl }) => forKubectl),
    ));

  test('say for PyYAML what they have to', () =>
    judge(
      readWithPython,
      CORPUS.filter(({ forPython }) => forPython),
    ));
});

describe('a file is read as kubectl reads it', () => {
  const sameAsKubectl = async (texts: readonly string[]) => {
    const read = await readWithKubectl(texts);
    for (const [index, text] of texts.entries()) assert.deepEqual(ours(text), read[index], text);
  };

  test('as it is found anywhere', () =>
    sameAsKubectl(CORPUS.filter(({ forKubectl }) => forKubectl).map(({ text }) => text)));

  test('with numbers, words and what looks like them', () => {
    const random = new SeededRandom('scalars');
    const texts = Array.from({ length: 4_000 }, () => numberLike(random)).filter(
      (text) => !/^-+$/.test(text),
    );
    const values = [...texts, ...WORDS].map((text, index) => `  k${index}: ${text}\n`);
    const keys = [...texts, ...WORDS].filter(isKey).map((text) => `  ${text}: x\n`);
    return sameAsKubectl([values, keys].map((lines) => `${HEAD}data:\n${lines.join('')}`));
  });
});

const HEAD = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n';
const WORDS = [
  'y',
  'Y',
  'yes',
  'yEs',
  'on',
  'ON',
  'off',
  'n',
  'no',
  'No',
  'true',
  'TRUE',
  'tRue',
  'false',
  '~',
  'null',
  'Null',
  'nULL',
  '=',
  '<',
];

/** kubectl takes neither null for a key, nor what is too large for an int64 and not for a uint64. */
function isKey(text: string): boolean {
  const value = readPlain(text);
  return value !== null && !(typeof value === 'bigint' && value >= 2n ** 63n);
}

/** Not too long, as what is too large for a number is rare enough then. */
function numberLike(random: SeededRandom): string {
  const length = random.integer(1, random.pick([4, 7, 25]));
  const alphabet = random.pick([
    '0123456789',
    '01_xXoObB',
    '0123456789._+-eE',
    '0123456789abcdefx_',
    '01234567_o-',
  ]);
  return Array.from({ length }, () => alphabet[random.integer(0, alphabet.length - 1)]).join('');
}

/** The objects of a file, those of Lists one by one; JSON has numbers of one kind. */
function ours(text: string): unknown[] {
  const documents = new Documents(text);
  const values = Array.from({ length: documents.length }, (_, index) => documents.at(index, []));
  return values
    .filter((value) => value !== null && value !== undefined)
    .flatMap((value) => itemsOf(asDoubles(value)));
}

function asDoubles(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? Number(inner) : inner)),
  );
}
