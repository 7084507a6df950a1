import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';
import { anchorsOf, blocksOf, documents, proseOf } from './markdown.ts';

const all = new Map(documents().map((document) => [document.path, document]));
const ROOT = new URL('../../', import.meta.url).pathname;

/** The targets of the links in a text, without those to other places. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

for (const document of all.values()) {
  test(`the links in ${document.path} lead somewhere`, () => {
    for (const link of linksOf(proseOf(document))) {
      const [file = '', anchor = ''] = link.split('#');
      const target = file === '' ? document.path : posix.join(posix.dirname(document.path), file);
      assert.ok(existsSync(`${ROOT}${target}`), `${link}: there is no ${target}`);
      if (anchor === '') continue;
      const known = all.get(target);
      assert.ok(known !== undefined && anchorsOf(known).has(anchor), `${link}: there is no such heading`);
    }
  });
}

test('each page of docs/ is found from its index', () => {
  const index = all.get('docs/README.md');
  assert.ok(index);
  const linked = new Set(linksOf(index.text).map((link) => posix.join('docs', link)));
  const pages = [...all.keys()].filter((path) => /^docs\/[^/]+\.md$/.test(path) && path !== 'docs/README.md');
  assert.deepEqual(
    pages.filter((path) => !linked.has(path)),
    [],
  );
});

test('code, links and headings are told apart', () => {
  const text =
    '# A `b`, c!\n\n[x](y.md)\n\n    kubectl get\n    pods\n\n```sh\nls [a](b)\n```\n\ntext `[c](d)`\n';
  const document = { path: 'x.md', text };
  assert.deepEqual(linksOf(proseOf(document)), ['y.md']);
  assert.deepEqual([...anchorsOf(document)], ['a-b-c']);
  assert.deepEqual(
    blocksOf(document).map(({ line, language, text: body }) => [line, language, body]),
    [
      [5, 'indented', 'kubectl get\npods'],
      [9, 'sh', 'ls [a](b)'],
    ],
  );
});
