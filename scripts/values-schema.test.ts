import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { withSettings } from './values-schema.ts';

const text = readFileSync(
  new URL('../charts/kube-site-follower/values.schema.json', import.meta.url),
  'utf8',
);

for (const [what, from, to] of [
  ['a trigger that is missing', '"cnpg-topology",', ''],
  ['a range that is another', '"maximum": 3600', '"maximum": 60'],
  ['a setting that is missing', '"resyncSeconds": {', '"other": {},\n"renamed": {'],
] as const) {
  test(`the schema of the values gets back ${what}`, () => {
    assert.ok(text.includes(from));
    const [before, after] = [JSON.parse(text), JSON.parse(withSettings(text.replace(from, to)))] as const;
    const config = (schema: typeof before) => schema.properties.controller.properties.config.properties;
    const { other: _, renamed: __, ...rest } = config(after);
    assert.deepEqual(rest, config(before));
  });
}

test('what the chart has in a form of its own stays', () => {
  const own = '"configMapName": {\n              "$ref": "#/definitions/name"';
  assert.ok(text.includes(own));
  assert.ok(withSettings(text).includes(own));
});
