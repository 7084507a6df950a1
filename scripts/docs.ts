/**
 * Writes the parts of docs/ that tables in the code know: `node scripts/docs.ts`.
 * With `--check` nothing is written; the exit code is 1 when a file is not what it should be.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { HOLD_REASONS } from '../contract/reasons.ts';
import { EVENT_REASONS, type EventKind } from '../controller/event-reasons.ts';
import { METRICS } from '../controller/metrics.ts';
import { NOTIFICATIONS } from '../notify/notifications.ts';
import type { Definition } from '../runtime/metrics.ts';
import { EVENT_REASONS as WEBHOOK_EVENT_REASONS } from '../webhook/event-reasons.ts';
import { MATCH_CONDITIONS } from '../webhook/match-conditions.ts';
import { METRICS as WEBHOOK_METRICS } from '../webhook/metrics.ts';
import { POLICIES } from '../webhook/policy/policies.ts';
import { chartProviders } from './chart-providers.ts';
import { chartRights } from './chart-rights.ts';
import { valuesTable } from './chart-values.ts';
import { cliParts } from './cli-docs.ts';
import { configuration } from './configuration-docs.ts';
import { databaseParts } from './database-docs.ts';
import { withTables } from './dns-docs.ts';
import { kubernetesParts } from './kubernetes-docs.ts';
import { code, page, table } from './markdown.ts';
import { policyParts } from './policy-docs.ts';
import { withSettings } from './values-schema.ts';

const ROOT = new URL('../', import.meta.url);
const VALUES_SCHEMA = 'charts/kube-site-follower/values.schema.json';

/** Path below the repository to the text that belongs there. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/configuration.md', configuration()],
    ['docs/metrics.md', metrics()],
    ['docs/reasons.md', reasons()],
    ['docs/events.md', events()],
    ['docs/databases.md', page('Databases are left alone', 'contract/databases.ts', ...databaseParts())],
    [
      'docs/policies.md',
      page('Injecting without a webhook', 'webhook/policy/differences.ts', ...policyParts()),
    ],
    [
      'docs/kubernetes.md',
      page('Kubernetes versions', 'scripts/kubernetes-versions.ts', ...kubernetesParts()),
    ],
    ['charts/kube-site-follower/README.md', chart()],
    ['charts/kube-site-follower/files/match-conditions.yaml', matchConditions()],
    ['charts/kube-site-follower/files/rights.yaml', chartRights()],
    [VALUES_SCHEMA, withSettings(readDoc(VALUES_SCHEMA) ?? '{}')],
    ['charts/kube-site-follower/files/providers.yaml', chartProviders()],
    ['charts/kube-site-follower/files/policies.yaml', policies()],
    ['docs/dns.md', withTables(readDoc('docs/dns.md') ?? '')],
    [
      'docs/cli.md',
      page(
        'The command line',
        ['cli/commands/declarations.ts', 'cli/checks/registry.ts', 'cli/exit-codes.ts'],
        ...cliParts(),
      ),
    ],
  ]);
}

/** The paths whose file is missing or differs. */
export function staleDocs(): string[] {
  return [...generatedDocs()].filter(([path, text]) => readDoc(path) !== text).map(([path]) => path);
}

function readDoc(path: string): string | undefined {
  try {
    return readFileSync(new URL(path, ROOT), 'utf8');
  } catch {
    return undefined; // Missing: as stale as it can be.
  }
}

function metrics(): string {
  return page(
    'Metrics',
    ['controller/metrics.ts', 'webhook/metrics.ts'],
    'Each program serves its own at `/metrics`. A time stamp is in seconds since 1970, a duration in seconds.',
    '## The controller',
    metricsTable(METRICS),
    '## The webhook',
    metricsTable(WEBHOOK_METRICS),
  );
}

function metricsTable(metrics: Readonly<Record<string, Definition>>): string {
  return table(
    ['metric', 'type', 'labels', 'meaning'],
    Object.values(metrics).map(({ name, kind, labels, help }) => [
      code(name),
      kind,
      labels.map(code).join(' ') || '–',
      help,
    ]),
  );
}

function reasons(): string {
  return page(
    'Reasons to hold',
    'contract/reasons.ts',
    `While the phase is \`Held\` the last site stays active and DNS stays as it is. The status' \`reason\` begins with one of
these codes; the metric \`${METRICS.held.name}\` has it as a label. The same applies in the phase \`Transitioning\` with such a
reason: the service is about to move, and its place is unknown meanwhile.`,
    table(
      ['code', 'meaning', 'what to do', 'Event'],
      Object.entries(HOLD_REASONS).map(([reason, { meaning, action, event }]) => [
        code(reason),
        meaning,
        action,
        code(event),
      ]),
    ),
  );
}

function events(): string {
  return page(
    'Kubernetes Events',
    ['controller/event-reasons.ts', 'webhook/event-reasons.ts', 'notify/notifications.ts'],
    '## The controller',
    `On the status ConfigMap: \`kubectl -n site-follower describe configmap kube-site-follower-status\`. Of Services and copies at most 25
at once and 30 a minute are written for one namespace, then one that says so; \`kube_site_follower_followed_services\` counts all.`,
    eventsTable(EVENT_REASONS),
    '## The webhook',
    `On the ReplicaSet, StatefulSet, DaemonSet or Job of a pod: the pod itself does not exist yet, and a client that creates one by hand
gets the same as a warning. The same Event is written once in five minutes, and at most 25 at once and 30 a minute in one namespace;
dropped ones are counted in \`kube_site_follower_webhook_events_dropped_total\`. None is written in \`kube-system\`, the namespace
of the release, and namespaces that the webhook’s configuration excludes by name.`,
    eventsTable(WEBHOOK_EVENT_REASONS),
    '## Notifications',
    'What [notification](notify.md) targets receive. The type is that of the CloudEvent.',
    table(
      ['type', 'meaning'],
      Object.entries(NOTIFICATIONS).map(([kind, { meaning }]) => [code(`site-follower.${kind}`), meaning]),
    ),
  );
}

function eventsTable(kinds: Readonly<Record<string, EventKind>>): string {
  return table(
    ['reason', 'type', 'action', 'meaning'],
    Object.entries(kinds).map(([reason, { type, action, meaning }]) => [code(reason), type, action, meaning]),
  );
}

function chart(): string {
  return page(
    'The chart’s values',
    'charts/kube-site-follower/values.yaml',
    `How to install it is in [start](../../docs/start.md). Helm refuses wrong values and names the key. What only the program can check, such as the zone of a record or the contents of \`controller.config\`, it reports in its log when it starts.`,
    valuesTable(),
  );
}

/** By the entry, for the chart's template. */
function matchConditions(): string {
  const head = '# Generated by `npm run docs` from webhook/match-conditions.ts, where the reasons are.\n';
  return head + stringify(MATCH_CONDITIONS, { lineWidth: 0, aliasDuplicateObjects: false });
}

/** By the policy, for the chart's template. */
function policies(): string {
  const head = '# Generated by `npm run docs` from webhook/policy/policies.ts.\n';
  return head + stringify(POLICIES, { lineWidth: 0, aliasDuplicateObjects: false });
}

function main(check: boolean): void {
  if (!check) {
    for (const [path, text] of generatedDocs()) writeFileSync(new URL(path, ROOT), text);
    return;
  }
  const stale = staleDocs();
  for (const path of stale)
    console.error(`${path} is not what the code says: run \`npm run docs\` and commit it`);
  process.exitCode = stale.length === 0 ? 0 : 1;
}

if (import.meta.main) main(process.argv.includes('--check'));
