import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { LABELS } from '../../contract/names.ts';
import { GOLDEN_ENV } from '../../test/support/golden.ts';
import { manifestCorpus } from '../../test/support/manifests/corpus.ts';
import { SeededRandom } from '../../test/support/random.ts';
import type { Operation } from '../../webhook/inject/patch.ts';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { valuesOf, withoutEmpty } from '../testing/manifest-values.ts';
import { Documents } from './documents.ts';
import { injectManifests, uninjectManifests } from './inject.ts';
import { findPods } from './objects.ts';
import { isListValue, isMapValue, isSame, type Value } from './value.ts';

const loaded = loadInjectorConfig(GOLDEN_ENV);
assert.ok(loaded.ok);
const { value: config } = loaded;

interface Change {
  readonly path: readonly string[];
  readonly value: Value;
}

/** What people write into manifests that have the sidecar. */
const CHANGES: readonly Change[] = [
  { path: ['spec', 'volumes', '-'], value: { name: 'mine', emptyDir: { sizeLimit: '1Mi' } } },
  { path: ['spec', 'initContainers', '-'], value: { name: 'mine', image: 'example/mine' } },
  { path: ['metadata', 'annotations', 'example.com/mine'], value: 'yes' },
  { path: ['metadata', 'labels', 'mine'], value: 'yes' },
  { path: ['spec', 'hostname'], value: 'mine' },
];

describe('what is changed by hand after injection', () => {
  test('stays when the sidecar is taken out, with every comment, and no remark of ours', () => {
    for (const { name, text } of manifestCorpus('edited', 250)) {
      const random = new SeededRandom(name);
      const changes = CHANGES.filter(() => random.chance(0.4));
      seeBack(name, text, changes, (edited) => edited);
    }
  });

  test('stays likewise where it made others ask for a sidecar, that got one then', () => {
    const asks = { path: ['metadata', 'labels', LABELS.inject], value: 'true' };
    // A label that a workload gave to its template goes with the sidecar, whoever writes it again.
    const files = manifestCorpus('asked later', 300).filter(
      ({ text }) => /name"?: ?.?first/.test(text) && !/StatefulSet|Deployment|DaemonSet/.test(text),
    );
    assert.ok(files.length > 20, `${files.length}`);
    for (const { name, text } of files) {
      seeBack(name, text, [asks], (edited) => injectManifests(edited, config).output ?? '');
    }
  });
});

function seeBack(
  name: string,
  text: string,
  changes: readonly Change[],
  goOn: (edited: string) => string,
): void {
  const { output = '' } = injectManifests(text, config);
  const isTouched = touchedBy(text, output);
  const { output: back = '' } = uninjectManifests(goOn(changed(output, changes, isTouched)));
  const wanted = changed(text, changes, isTouched);
  // The same text says the same: reading it takes most of the time.
  if (back !== wanted) assert.deepEqual(withoutEmpty(valuesOf(back)), withoutEmpty(valuesOf(wanted)), name);
  assert.doesNotMatch(back, /before injection/, name);
  for (const [comment] of text.matchAll(/# [a-z ]+(?=[\n\r\u0085])/g)) {
    assert.ok(back.includes(comment), `${name}: ${comment}`);
  }
}

/** Whether injection has changed the document of this index. */
function touchedBy(text: string, output: string): (index: number) => boolean {
  if (output === text) return () => false;
  const [before, after] = [valuesOf(text), valuesOf(output)];
  return (index) => !isSame(before[index], after[index]);
}

function changed(text: string, changes: readonly Change[], isTouched: (index: number) => boolean): string {
  const documents = new Documents(text);
  for (const { document, podPath } of findPods(documents)) {
    for (const { path, value } of isTouched(document) ? changes : []) {
      documents.patch(document, podPath, additions(documents.at(document, podPath), path, value));
    }
  }
  return documents.toString();
}

/** What is not there on the way is made. */
function additions(pod: Value | undefined, path: readonly string[], value: Value): Operation[] {
  let at: Value | undefined = pod;
  for (const [index, step] of path.slice(0, -1).entries()) {
    at = isMapValue(at) ? at[step] : undefined;
    if (isMapValue(at) || isListValue(at)) continue;
    const whole = path
      .slice(index + 1)
      .reduceRight<Value>((inner, key) => (key === '-' ? [inner] : { [key]: inner }), value);
    return [{ op: 'add', path: `/${path.slice(0, index + 1).join('/')}`, value: whole }];
  }
  return [{ op: 'add', path: `/${path.map((step) => step.replaceAll('/', '~1')).join('/')}`, value }];
}
