import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { METRICS } from '../../controller/metrics.ts';
import type { Definition } from '../../runtime/metrics.ts';
import { METRICS as WEBHOOK_METRICS } from '../../webhook/metrics.ts';
import { run } from '../support/binaries/command.ts';
import { debianProgram } from '../support/debian.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const CHART = join(ROOT, 'charts/kube-site-follower/files');
const RULES = join(CHART, 'alerts.yaml');
const TESTS = join(ROOT, 'test/alerts/alerts.test.yaml');
const RUNBOOKS = join(ROOT, 'docs/runbooks');

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Tests {
  readonly tests: readonly { readonly alert_rule_test: readonly AlertTest[] }[];
}

interface AlertTest {
  readonly alertname: string;
  readonly exp_alerts: readonly unknown[];
}

const RULES_TEXT = readFileSync(RULES, 'utf8');
const rules = rulesIn(RULES_TEXT);
const testFile = parse(readFileSync(TESTS, 'utf8')) as Tests;
const { panels, annotations } = JSON.parse(readFileSync(join(CHART, 'dashboard.json'), 'utf8')) as {
  panels: Panel[];
  annotations: { list: { name: string; expr: string }[] };
};
const queries = [
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr }))),
  ...annotations.list.map(({ name, expr }) => ({ title: name, expr })),
];

/** By the names that Prometheus has; a histogram has three. */
const known = new Map(
  [...Object.values<Definition>(METRICS), ...Object.values<Definition>(WEBHOOK_METRICS)].flatMap(
    ({ name, kind, labels }): [string, readonly string[]][] =>
      kind === 'histogram'
        ? [
            [`${name}_bucket`, [...labels, 'le']],
            [`${name}_sum`, labels],
            [`${name}_count`, labels],
          ]
        : [[name, labels]],
  ),
);
/** What Prometheus adds to each series. */
const OF_TARGET = ['namespace', 'pod', 'job', 'instance', 'container', 'service', 'endpoint'];

function rulesIn(text: string): readonly Rule[] {
  return (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap((group) => group.rules);
}

/** What is wrong with the metrics and the labels in their selectors. */
function faultsOf(expr: string): string[] {
  const faults: string[] = [];
  for (const [, name = '', selector = ''] of expr.matchAll(
    /\b((?:kube_site_follower|process)_\w+)(\{[^}]*\})?/g,
  )) {
    const labels = known.get(name);
    if (labels === undefined) faults.push(`${name} is no metric`);
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
      if (![...(labels ?? []), ...OF_TARGET].includes(label)) faults.push(`${name} has no label ${label}`);
    }
  }
  return faults;
}

let folder: string;
let promtool: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'alerts-'));
  promtool = await debianProgram({
    name: 'promtool',
    variable: 'PROMTOOL',
    places: ['/usr/bin/promtool', '/usr/local/bin/promtool'],
    packages: ['prometheus'],
  });
});
after(() => rmSync(folder, { recursive: true }));

const ask = (...args: string[]) => run(promtool, args, { abort: AbortSignal.timeout(60_000) });

describe('the alerts', () => {
  test('are rules as Prometheus reads them', async () => {
    assert.match(await ask('check', 'rules', RULES), new RegExp(`SUCCESS: ${rules.length} rules found`));
  });

  test('fire when they must and only then', async () => {
    assert.match(await ask('test', 'rules', TESTS), /SUCCESS/);
  });

  test('are each tested both ways', () => {
    const cases = testFile.tests.flatMap(({ alert_rule_test }) => alert_rule_test);
    for (const { alert } of rules) {
      const own = cases.filter(({ alertname }) => alertname === alert);
      assert.ok(
        own.some(({ exp_alerts }) => exp_alerts.length > 0),
        `${alert} is never seen firing`,
      );
      assert.ok(
        own.some(({ exp_alerts }) => exp_alerts.length === 0),
        `${alert} is never seen silent`,
      );
    }
  });

  test('fail their tests when a threshold or a duration is another one', async () => {
    for (const [from, to] of [
      ['for: 5m', 'for: 50m'],
      ['< 14 * 86400', '< 1 * 86400'],
      ['> 3\n', '> 4\n'],
      ['or absent(kube_site_follower_leader)', ''],
    ] as const) {
      assert.ok(RULES_TEXT.includes(from), from);
      const text = RULES_TEXT.replace(from, to);
      const changed = rulesIn(text).find((rule, index) => !isDeepStrictEqual(rule, rules[index]))?.alert;
      const broken = join(folder, 'broken.yaml');
      writeFileSync(broken, text);
      // Playing those of all the other alerts as well takes promtool twenty times as long.
      const own = testFile.tests.filter(({ alert_rule_test }) =>
        alert_rule_test.some(({ alertname }) => alertname === changed),
      );
      assert.ok(own.length > 0, from);
      const tests = JSON.stringify({ ...testFile, rule_files: [broken], tests: own });
      writeFileSync(join(folder, 'tests.yaml'), tests);
      await assert.rejects(
        ask('test', 'rules', join(folder, 'tests.yaml')),
        new RegExp(`alertname: ${changed}, time`),
        from,
      );
    }
  });

  for (const { alert, expr, labels, annotations: notes } of rules) {
    test(`${alert} says how bad it is and what to do, and asks for metrics that exist`, () => {
      assert.ok(['critical', 'warning'].includes(labels.severity ?? ''));
      assert.ok(notes.summary && notes.description);
      assert.equal(notes.runbook_url, `docs/runbooks/${alert}.md`);
      const page = readFileSync(join(RUNBOOKS, `${alert}.md`), 'utf8');
      const level = labels.severity === 'critical' ? 'Critical' : 'Warning';
      assert.match(
        page,
        new RegExp(`^# ${alert}\n\n\\*\\*${level}\\.\\*\\* [\\s\\S]*\n## Look\n[\\s\\S]*\n## Do\n`),
      );
      const index = readFileSync(join(RUNBOOKS, 'README.md'), 'utf8');
      assert.ok(index.includes(`| [${alert}](${alert}.md) | ${labels.severity} |`));
      assert.deepEqual(faultsOf(expr), []);
    });
  }

  test('have all the pages that there are', () => {
    const pages = readdirSync(RUNBOOKS).filter((name) => name !== 'README.md');
    assert.deepEqual(pages.sort(), rules.map(({ alert }) => `${alert}.md`).sort());
  });
});

describe('the dashboard', () => {
  test('asks for metrics and labels that exist', () => {
    assert.ok(queries.length > 25);
    for (const { title, expr } of queries) assert.deepEqual(faultsOf(expr), [], title);
  });

  test('asks in PromQL', async () => {
    const groups = [
      {
        name: 'dashboard',
        rules: queries.map(({ expr }, index) => ({
          record: `dashboard:query_${index}`,
          expr: expr.replaceAll('$__rate_interval', '5m').replaceAll(/\$\w+/g, '.*'),
        })),
      },
    ];
    const file = join(folder, 'dashboard.yaml');
    writeFileSync(file, JSON.stringify({ groups }));
    assert.match(await ask('check', 'rules', file), new RegExp(`SUCCESS: ${queries.length} rules found`));
  });
});
