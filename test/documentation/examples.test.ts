import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse, stringify } from 'yaml';
import { loadConfig } from '../../controller/config.ts';
import { blocksOf, documents } from './markdown.ts';

const SITES = [
  { name: 'us-east', nodeName: 'node-us-east-01', ip: '192.0.2.10' },
  { name: 'us-west', nodeName: 'node-us-west-01', ip: '198.51.100.10' },
];
const SECRET = Buffer.alloc(32, 1).toString('base64');
/** Whatever an example refers to. */
const SECRETS = { ON_CALL_SECRET: `whsec_${SECRET}`, TSIG_SECRET: SECRET };
const FILES: Readonly<Record<string, string>> = {
  '/etc/site-follower/team-hook': 'https://hooks.example.com/x',
};

const blocks = documents().flatMap(blocksOf);

function problemsOf(follower: object, env: Readonly<Record<string, string>> = {}): unknown {
  const file = stringify({ followers: [{ sites: SITES, ...follower }] });
  const readFile = (path: string) =>
    path === 'config.yaml' ? file : (FILES[path] ?? 'a-token-of-some-length');
  const loaded = loadConfig({ CONFIG_FILE: 'config.yaml', ...SECRETS, ...env }, readFile);
  return loaded.ok ? [] : loaded.problems;
}

for (const { path, line, language, text } of blocks) {
  if (language === 'yaml' && /^(trigger|dns|notify):/.test(text)) {
    // Several examples of one key in a block are alternatives.
    for (const part of text.split(/^(?=(?:trigger|dns|notify):)/m)) {
      test(`a part of the configuration loads: ${path}:${line}: ${part.split('\n')[0]}`, () => {
        assert.deepEqual(problemsOf(parse(part) as object), []);
      });
    }
  }
  if (language === 'json' && path === 'docs/notify.md' && text.startsWith('[')) {
    test(`the targets load: ${path}:${line}`, () => assert.deepEqual(problemsOf({}, { NOTIFY: text }), []));
  }
}
