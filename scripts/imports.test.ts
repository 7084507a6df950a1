import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { describe, test } from 'node:test';
import { circles, FLOORS, forbiddenImports, type ImportGraph, importGraph, importsOf } from './imports.ts';

const ROOT = new URL('../', import.meta.url).pathname;
const isTest = (file: string) => file.endsWith('.test.ts') || file.includes('/testing/');
const files = globSync(`{${FLOORS.flat().join(',')}}/**/*.ts`, { cwd: ROOT }).filter((file) => !isTest(file));
const graph = importGraph(ROOT, files);

describe('the imports of the programs', () => {
  test('are all found', () => {
    assert.ok(files.length > 300, `${files.length} files`);
    const unknown = [...graph].flatMap(([file, imports]) =>
      imports.filter((imported) => !graph.has(imported)).map((imported) => `${file} imports ${imported}`),
    );
    assert.deepEqual(unknown, []);
  });

  test('only go down', () => assert.deepEqual(forbiddenImports(graph), []));

  test('go in no circle', () => assert.deepEqual(circles(graph), []));
});

describe('a planted violation', () => {
  const planted = (file: string, ...imports: string[]): ImportGraph => new Map([...graph, [file, imports]]);

  for (const [file, imported] of [
    ['contract/planted.ts', 'kubernetes/api.ts'],
    ['contract/planted.ts', 'runtime/log.ts'],
    ['kubernetes/planted.ts', 'http/server.ts'],
    ['dns/planted.ts', 'controller/main.ts'],
    ['dns/planted.ts', 'cnpg/cluster.ts'],
    ['webhook/planted.ts', 'controller/main.ts'],
    ['webhook/planted.ts', 'dns/provider.ts'],
    ['sidecar/planted.ts', 'webhook/main.ts'],
    ['cli/planted.ts', 'controller/main.ts'],
    ['dns/providers/planted/provider.ts', 'dns/providers/cloudflare/api.ts'],
    ['controller/planted.ts', 'test/support/until.ts'],
  ] as const) {
    test(`${file} importing ${imported} is found`, () => {
      const [problem, ...others] = forbiddenImports(planted(file, imported));
      assert.match(problem ?? '', new RegExp(`^${file} imports ${imported}: `));
      assert.deepEqual(others, []);
    });
  }

  test('a circle of three is found', () => {
    const graph = new Map([
      ['a.ts', ['b.ts']],
      ['b.ts', ['c.ts']],
      ['c.ts', ['b.ts', 'a.ts']],
    ]);
    assert.deepEqual(circles(graph), [
      ['b.ts', 'c.ts'],
      ['a.ts', 'b.ts', 'c.ts'],
    ]);
  });

  test('imports are found in each of their forms', () => {
    const text = [
      "import { a } from './a.ts';",
      "import type { B } from '../b.ts';",
      "import {\n  c,\n  type D,\n} from './c/d.ts';",
      "export * from './e.ts';",
      "const f = await import('./f.ts');",
      "import './g.ts';",
      "import { readFileSync } from 'node:fs';",
    ].join('\n');
    const expected = ['x/a.ts', 'b.ts', 'x/c/d.ts', 'x/e.ts', 'x/f.ts', 'x/g.ts'];
    assert.deepEqual(importsOf('x/y.ts', text), expected);
  });
});
