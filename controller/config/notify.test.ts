import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { describeConfig, formatProblems, loadConfig } from '../config.ts';

const SITES = '[{"name":"us","nodeName":"us-1"},{"name":"eu","nodeName":"eu-1"}]';
const SECRET = `whsec_${Buffer.alloc(32, 5).toString('base64')}`;
const HOOK = 'https://hooks.example/services/T0KEN';
const HTTP = { name: 'on-call', url: HOOK, secrets: [{ env: 'MY_SECRET' }] };
const SLACK = { name: 'team', preset: 'slack', url: { file: '/etc/hook' } };

const ENV = { SITES, MY_SECRET: ` ${SECRET}\n`, MY_HOOK: HOOK };

function load(notify: unknown, files: Record<string, string> = { '/etc/hook': `${HOOK}\n` }) {
  const text = typeof notify === 'string' ? notify : JSON.stringify(notify);
  return loadConfig({ ...ENV, NOTIFY: text }, (path) => files[path] ?? assert.fail(`no ${path}`));
}

test('targets come from the variable, and what they refer to from variables and files', () => {
  const loaded = load([HTTP, SLACK]);
  assert.ok(loaded.ok, JSON.stringify(loaded));
  const [first, second] = loaded.value.followers[0].notify;
  assert.equal(first?.url.reveal(), HOOK);
  assert.deepEqual(
    first?.secrets.map((secret) => secret.reveal()),
    [SECRET],
  );
  assert.deepEqual([second?.preset, second?.url.reveal(), second?.secrets], ['slack', HOOK, []]);
});

test('a secret in a file is read again, and the last good one holds while it cannot be', () => {
  const files: Record<string, string> = { '/etc/hook': HOOK };
  const loaded = load([SLACK], files);
  assert.ok(loaded.ok);
  const url = loaded.value.followers[0].notify[0]?.url;
  files['/etc/hook'] = 'https://hooks.example/newer\n';
  assert.equal(url?.reveal(), 'https://hooks.example/newer');
  files['/etc/hook'] = '\n';
  assert.equal(url?.reveal(), 'https://hooks.example/newer');
  delete files['/etc/hook'];
  assert.equal(url?.reveal(), 'https://hooks.example/newer');
});

test('neither the settings that are told at the start nor an inspected target show a URL or a secret', () => {
  const loaded = load([HTTP, SLACK]);
  assert.ok(loaded.ok);
  const { value: config } = loaded;
  const shown = `${JSON.stringify(describeConfig(config))}${JSON.stringify(config)}${inspect(config, { depth: 9 })}`;
  assert.doesNotMatch(shown, /T0KEN|hooks\.example|whsec|BQUF/);
  assert.match(shown, /on-call/);
});

test('a variable that a target refers to is not taken for a misspelt one of ours', () => {
  const env = {
    SITES,
    NOTIFIY: SECRET,
    NOTIFY: JSON.stringify([{ ...HTTP, secrets: [{ env: 'NOTIFIY' }] }]),
  };
  assert.ok(loadConfig(env, () => '').ok);
  const { NOTIFY: _, ...without } = env;
  assert.ok(!loadConfig(without, () => '').ok);
});

describe('is refused, with the key and without the value:', () => {
  const cases: [name: string, notify: unknown, problem: RegExp][] = [
    ['no list', {}, /NOTIFY must be a JSON array of targets/],
    ['no JSON', `[${SECRET}`, /NOTIFY is not JSON/],
    ['no object', [7], /NOTIFY\[0\] must be an object such as/],
    [
      'an unknown key',
      [{ ...HTTP, secret: SECRET }],
      /NOTIFY\[0\] has unknown keys: "secret" \(did you mean secrets\?\)/,
    ],
    ['no name', [{ ...HTTP, name: undefined }], /NOTIFY\[0\]\.name must be the name of the target/],
    ['a name with spaces', [{ ...HTTP, name: 'on call' }], /NOTIFY\[0\]\.name must be 1 to 32/],
    ['one name twice', [HTTP, HTTP], /NOTIFY\[1\]\.name must differ: "on-call" is there already/],
    [
      'an unknown preset',
      [{ ...HTTP, preset: 'teams' }],
      /NOTIFY\[0\]\.preset must be one of webhook, slack, discord/,
    ],
    ['no URL', [{ ...HTTP, url: undefined }], /NOTIFY\[0\]\.url must be a URL, or: must be/],
    [
      'a URL of another scheme',
      [{ ...HTTP, url: 'file:///etc/passwd' }],
      /NOTIFY\[0\]\.url must be an http or https URL/,
    ],
    [
      'a URL with a user',
      [{ ...HTTP, url: 'https://a:T0KEN@hooks.example/' }],
      /url must be an http or https URL without user/,
    ],
    ['a URL with a line end', [{ ...HTTP, url: 'https://hooks.example/T0\nKEN' }], /url must be an http/],
    ...[
      'http://169.254.169.254/T0KEN',
      'http://0xa9fea9fe/T0KEN',
      'http://[::ffff:169.254.169.254]/T0KEN',
    ].map((url): [string, unknown, RegExp] => [
      `a link-local address, ${url}`,
      [{ ...HTTP, url }],
      /NOTIFY\[0\]\.url must not have a link-local, metadata or multicast address, which is never called/,
    ]),
    [
      'a hook in plain text',
      [{ ...SLACK, url: HOOK }],
      /NOTIFY\[0\]\.url is itself the secret of a slack hook/,
    ],
    ['no signature', [{ ...HTTP, secrets: [] }], /NOTIFY\[0\]\.secrets must have at least one/],
    [
      'a signature for Slack',
      [{ ...SLACK, secrets: HTTP.secrets }],
      /NOTIFY\[0\]\.secrets must not be given: a slack hook/,
    ],
    ['a secret in plain text', [{ ...HTTP, secrets: [SECRET] }], /NOTIFY\[0\]\.secrets\[0\] must be \{"env"/],
    [
      'a secret that is none',
      [{ ...HTTP, secrets: [{ env: 'MY_HOOK' }] }],
      /secrets\[0\] must lead to a Standard Webhooks secret/,
    ],
    [
      'a variable that is not set',
      [{ ...HTTP, secrets: [{ env: 'NO_SUCH' }] }],
      /refers to the variable NO_SUCH, which is not set/,
    ],
    [
      'a file that is not there',
      [{ ...SLACK, url: { file: '/etc/none' } }],
      /refers to the file \/etc\/none, which cannot be read/,
    ],
    [
      'both',
      [{ ...SLACK, url: { env: 'MY_HOOK', file: '/etc/hook' } }],
      /NOTIFY\[0\]\.url must be a URL, or/,
    ],
    [
      'nine',
      Array.from({ length: 9 }, (_, index) => ({ ...HTTP, name: `t${index}` })),
      /must have at most 8 targets/,
    ],
  ];
  for (const [name, notify, problem] of cases) {
    test(name, () => {
      const loaded = load(notify);
      assert.ok(!loaded.ok);
      const text = formatProblems(loaded.problems);
      assert.match(text, problem);
      assert.equal(loaded.problems.length, 1, text);
      assert.doesNotMatch(text, /T0KEN|whsec_[A-Z]|BQUF/);
    });
  }

  test('the same in a file, named by its place there', () => {
    const file = `followers:\n  - sites: ${SITES}\n    notify:\n      - name: x\n        url: T0KEN\n        secrets: [{ env: MY_SECRET }]\n`;
    const loaded = loadConfig({ MY_SECRET: SECRET, CONFIG_FILE: 'c' }, () => file);
    assert.ok(!loaded.ok);
    const text = formatProblems(loaded.problems);
    assert.match(
      text,
      /CONFIG_FILE: followers\[0\]\.notify\[0\]\.url must be an http or https URL.*\(got: \*\*\*\)/,
    );
    assert.doesNotMatch(text, /T0KEN/);
  });
});
