/** The worked examples of docs/extending.md, put into a copy of the repository as a reader would. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { TRIGGERS } from '../../controller/triggers/registry.ts';
import { DNS_PROVIDERS } from '../../dns/registry.ts';
import { choiceOf } from '../../settings/schema.ts';
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
      if (language === 'diff') await change(copy, text);
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

/** What names every kind has a row for each, and so for a new one. */
const FOLDERS = ['charts', 'cli', 'contract', 'controller', 'dns', 'notify', 'scripts', 'test', 'webhook'];
const sources = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
    .map(({ parentPath, name }) => join(parentPath, name)),
).map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }));

for (const [what, schema, section] of [
  ['trigger', TRIGGERS, 'A trigger'],
  ['DNS provider', DNS_PROVIDERS, 'A DNS provider'],
] as const) {
  test(`each place that a new ${what} touches is named`, () => {
    const names = choiceOf(schema).options.flatMap(({ name }) => (name === 'none' ? [] : [name]));
    const words = names.map((name) => new RegExp(`(?<![\\w-])${name}(?![\\w-])`));
    const places = sources.filter(({ text }) => words.every((word) => word.test(text)));
    const [, rest = ''] = page
      .map(({ text }) => text)
      .join('')
      .split(`\n## ${section}\n`);
    const [told = ''] = rest.split('\n## ');
    const missing = places.filter(
      ({ path }) =>
        !told.includes(
          path
            .split('/')
            .slice(path.endsWith('.ts') ? -2 : -1)
            .join('/'),
        ),
    );
    assert.deepEqual(
      missing.map(({ path }) => path),
      [],
    );
    assert.equal(
      places.length,
      Number(/has a row in (\d+) files/.exec(told)?.[1]),
      places.map(({ path }) => path).join(),
    );
  });
}

/** The diff has the file; lines of it, with what comes behind each; and a list with a new name at its end. */
async function change(copy: string, diff: string): Promise<void> {
  const [first = '', ...lines] = diff.split('\n').filter((line) => line !== '');
  const path = join(copy, first.replace(' // ', ''));
  let text = await readFile(path, 'utf8');
  let at = 0;
  let replaced: RegExp | undefined;
  for (const line of lines) {
    const rest = line.slice(1);
    if (line.startsWith('-')) {
      replaced = new RegExp(
        rest
          .split('…')
          .map((part) => part.replaceAll(/[()[\]{}.*+?|$^]/g, '\\$&'))
          .join('([^\\]]*?),?\\s*'),
      );
      assert.match(text, replaced, `${path} has no ${rest}`);
    } else if (line.startsWith(' ')) {
      assert.equal(text.split(`${rest}\n`).length, 2, `${path} has not one line ${rest}`);
      at = text.indexOf(`${rest}\n`) + rest.length + 1;
    } else if (replaced !== undefined) {
      text = text.replace(replaced, rest.replace('…', '$1'));
      replaced = undefined;
    } else {
      text = `${text.slice(0, at)}${rest}\n${text.slice(at)}`;
      at += rest.length + 1;
    }
  }
  await writeFile(path, text);
}
