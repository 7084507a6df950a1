/** A message that never changes can be searched for and counted; what differs is in the fields beside it. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const ROOT = new URL('../', import.meta.url).pathname;
const FOLDERS = ['contract', 'runtime', 'kubernetes', 'http', 'settings', 'dns', 'cnpg', 'notify'];
const PROGRAMS = ['controller', 'webhook', 'sidecar', 'cli'];
const CALL =
  /\blog\.(?:trace|debug|info|warn|error|fatal)\((?<args>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)/gi;

/** The calls of a logger whose message is put together. */
function variableMessages(text: string): string[] {
  return [...text.matchAll(CALL)]
    .map(({ groups }) => groups?.args ?? '')
    .filter((args) => {
      const message = args.replace(/^\{[\s\S]*\},\s*/, '');
      return message.includes('`') || /'\s*\+|\+\s*'/.test(message);
    });
}

test('every log message is constant', () => {
  const files = globSync(`{${[...FOLDERS, ...PROGRAMS].join(',')}}/**/*.ts`, { cwd: ROOT });
  const sources = files.filter((file) => !file.endsWith('.test.ts'));
  const calls = sources.map((file) => ({ file, text: readFileSync(`${ROOT}${file}`, 'utf8') }));
  assert.ok(calls.flatMap(({ text }) => [...text.matchAll(CALL)]).length > 40);
  assert.deepEqual(
    calls.flatMap(({ file, text }) => variableMessages(text).map((args) => `${file}: ${args}`)),
    [],
  );
});

test('a message with a value in it is found', () => {
  const template = (text: string) => `\`${text.replaceAll('<', '${').replaceAll('>', '}')}\``;
  for (const planted of [
    `log.info({ term }, ${template('lease <kind>')})`,
    "this.#log.warn({ err: error }, 'lease ' + kind)",
    `log.error(${template("<explain(error)> in <name(of('x'))>")})`,
  ])
    assert.equal(variableMessages(planted).length, 1, planted);
  assert.deepEqual(variableMessages(`log.info({ name: ${template('<a>/<b>')} }, 'constant')`), []);
});
