/** The worked examples of docs/extending.md, put into a copy of the repository as a reader would. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { blocksOf, documents } from './markdown.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
/** What is made of the repository, or linked to. */
const LEFT_OUT = ['node_modules', 'dist', '.git', '.cache'];
const LIMIT_MS = 100_000;
/** Those that go over the rows of the registries, and need no server. */
const OF_ALL = [
  'controller/triggers/refusals.test.ts',
  'controller/config/dns-refusals.test.ts',
  'controller/config/dns.test.ts',
  'dns/loading.test.ts',
];

const page = documents().filter(({ path }) => path === 'docs/extending.md');
const blocks = page.flatMap(blocksOf);
const files = blocks.flatMap(({ language, text }) => {
  const path = /^\/\/ (\S+\.ts)\n/.exec(text)?.[1];
  return language === 'ts' && path !== undefined
    ? [{ path, text: `${text.slice(text.indexOf('\n') + 1)}\n` }]
    : [];
});

describe('the examples of docs/extending.md', () => {
  let copy = '';
  before(async () => {
    copy = await mkdtemp(join(tmpdir(), 'extending-'));
    await cp(ROOT, copy, {
      recursive: true,
      filter: (path) => !LEFT_OUT.some((name) => path === join(ROOT, name)),
    });
    await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
    for (const { path, text } of files) {
      await mkdir(dirname(join(copy, path)), { recursive: true });
      await writeFile(join(copy, path), text);
    }
    for (const { language, text } of blocks) {
      if (language !== 'diff') continue;
      if (text.startsWith(' // ')) await addLines(copy, text);
      else await addRow(copy, text);
    }
  });
  after(() => rm(copy, { recursive: true, force: true }));

  const inCopy = async (tool: string, ...args: string[]) => {
    const { FORCE_COLOR: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    try {
      await run(tool, args, { cwd: copy, env, timeout: LIMIT_MS });
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      assert.fail(`${tool} ${args.join(' ')}: ${stdout}${stderr}`);
    }
  };
  const bin = (name: string) => join(ROOT, 'node_modules/.bin', name);

  test('have the right types, and all that has to know of them', () => inCopy(bin('tsc'), '--noEmit'));

  test('are written like the rest', () => inCopy(bin('biome'), 'check', ...files.map(({ path }) => path)));

  test('pass the tests of all triggers and providers', () => inCopy(process.execPath, '--test', ...OF_ALL));

  test('pass their own tests', () => {
    const tests = files.map(({ path }) => path).filter((path) => path.endsWith('.test.ts'));
    assert.equal(tests.length, 2);
    return inCopy(process.execPath, '--test', '--test-force-exit', ...tests);
  });
});

/** The diff has one import, and one list with a new name at its end. */
async function addRow(copy: string, diff: string): Promise<void> {
  const row = /^\+(import .*;)$/m.exec(diff)?.[1];
  const [, list, first, name] = /^\+export const (\w+) = \[(\w+), …, (\w+)\] as const;$/m.exec(diff) ?? [];
  const folder = { TRIGGERS: 'controller/triggers', DNS_PROVIDERS: 'dns' }[list ?? ''];
  assert.ok(row !== undefined && folder !== undefined, diff);
  const path = join(copy, folder, 'registry.ts');
  const before = await readFile(path, 'utf8');
  const now = before.replace(
    new RegExp(`^(export const ${list} = \\[\\s*${first}\\b[^\\]]*?),?\\s*\\] as const;$`, 'm'),
    `$1, ${name}] as const;`,
  );
  assert.notEqual(now, before, `there is no such list in ${path}`);
  await writeFile(path, `${row}\n${now}`);
}

/** The diff has the file, a line of it, and what comes behind that. */
async function addLines(copy: string, diff: string): Promise<void> {
  const lines = diff.split('\n');
  const [file = '', line = ''] = lines.filter((each) => each.startsWith(' ')).map((each) => each.slice(1));
  const added = lines.filter((each) => each.startsWith('+')).map((each) => each.slice(1));
  const path = join(copy, file.replace('// ', ''));
  const before = await readFile(path, 'utf8');
  assert.equal(before.split(`${line}\n`).length, 2, `${path} has not one line ${line}`);
  await writeFile(
    path,
    before.replace(`${line}\n`, () => `${[line, ...added].join('\n')}\n`),
  );
}
