/** docs/configuration.md, made of the schema of the configuration. */
import * as z from 'zod';
import { ENVIRONMENT_ONLY, FOLLOWER, GLOBAL } from '../controller/config/schema.ts';
import { TRIGGERS } from '../controller/triggers/registry.ts';
import { DNS_PROVIDERS } from '../dns/registry.ts';
import { choiceOf, type Place, type Setting, settingsOf } from '../settings/schema.ts';
import { code, fence, page, table } from './markdown.ts';

/** A configuration file that shows every setting; the tests load it. */
export const EXAMPLE_FILE = `followers:
  - name: default
    sites:
      - name: us-east
        nodeName: node-us-east-01
        ip: 192.0.2.10
      - name: us-west
        nodeSelector: topology.kubernetes.io/region=us-west
        ip: 198.51.100.10
        ipv6: 2001:db8::10
    trigger:
      kind: cnpg
      namespace: postgres
      clusterName: pg-cluster
      preferredPrimaryNode: node-us-east-01
    dns:
      provider: namecheap
      records:
        - app.example.com
        - db.example.co.uk
      ttl: 60
      namecheap:
        apiUser: example # the key is better given as NAMECHEAP_API_KEY, from a Secret
        clientIp: 203.0.113.7
    notify:
      - name: on-call
        url: https://hooks.example.com/site-follower
        secrets:
          - env: ON_CALL_SECRET
      - name: team
        preset: slack
        url:
          env: TEAM_HOOK
configMapName: kube-site-follower-status
resyncSeconds: 10
leaderElection: true
httpPort: 8080
httpHosts: [status.example.com]
dryRun: false
logLevel: info
`;

export function configuration(): string {
  const all = [...settingsOf(FOLLOWER), ...settingsOf(GLOBAL), ...settingsOf(ENVIRONMENT_ONLY)];
  const variables = all.map(({ setting }) => setting).filter(({ variable }) => variable !== '');
  const inFile = [
    ...[...settingsOf(FOLLOWER)].filter(({ when }) => when === undefined).map(inFollower),
    ...[...settingsOf(GLOBAL)].map(({ path, setting }) => ({ key: path.join('.'), setting })),
  ];
  return page(
    'Configuration',
    'controller/config/schema.ts',
    `Everything can be set by environment variables. A blank variable counts as not set; space around a value is cut off.
All configuration errors are reported together when the controller starts: one line for each, with the variable and its
value, secrets masked; the exit code is 2. A variable that looks like a misspelt one of these is refused.`,
    table(
      ['variable', 'default', 'meaning'],
      variables.map((setting) => [
        code(setting.variable),
        defaultOf(setting),
        setting.meaning + (setting.secret ? ' A secret: never shown anywhere.' : ''),
      ]),
    ),
    '## Sites',
    `\`SITES\` is a JSON array. Each site has a \`name\` and at least one way to say which nodes belong to it: \`nodeName\`,
\`nodeNames\` or \`nodeSelector\` (a label selector). A node belongs to one site; a name takes precedence over a selector. DNS
records point at \`ip\` (IPv4), \`ipv6\`, or instead of both \`cname\`; required as soon as records are listed.`,
    fence(
      'json',
      `[
  {"name": "us-east", "nodeName": "node-us-east-01", "ip": "192.0.2.10"},
  {"name": "us-west", "nodeSelector": "topology.kubernetes.io/region=us-west", "ip": "198.51.100.10", "ipv6": "2001:db8::10"}
]`,
    ),
    '## The file',
    `\`CONFIG_FILE\` names a YAML file with the same settings. A variable overrides what the file says of the first
follower. There can be up to 16 followers, each with its own \`name\`, sites, trigger and what follows. Each has its
own status ConfigMap: that of a follower \`x\` is \`kube-site-follower-status-x\`; only the one named \`default\` has no
suffix. None of them ever waits for another.`,
    fence('yaml', EXAMPLE_FILE.trimEnd()),
    table(
      ['key', 'variable', 'default'],
      inFile.map(({ key, setting }) => [code(key), variableOf(setting), defaultOf(setting)]),
    ),
    '## Triggers',
    `\`trigger.kind\` says what is followed. Each kind has settings of its own, beside \`kind\`; those of another kind are
refused. [Triggers](triggers.md) says what each one watches, and when it holds.`,
    ...optionTables(TRIGGERS, ['trigger']),
    '## DNS providers',
    `\`dns.provider\` says where the records are; what each provider guarantees is in [DNS](dns.md). Each has settings of its
own, under its name; those of another provider are refused. Settings that are required are so as soon as records are
listed. \`dns\` may also be a list of such mappings, each with records of its own. The variables then set the first
one; those of a provider, the first one with that provider.`,
    ...optionTables(DNS_PROVIDERS, ['dns']),
    '## Secrets',
    `A secret can be in a file, so that it can change without a restart: \`NAMECHEAP_API_KEY_FILE\` names a file with what
\`NAMECHEAP_API_KEY\` would be, and so for every secret above. In \`CONFIG_FILE\` a secret may be \`{env: VARIABLE}\` or
\`{file: /path}\`.`,
  );
}

/** A heading, a sentence and a table for each option. */
function optionTables(schema: z.ZodDiscriminatedUnion, path: readonly string[]): string[] {
  const { key, options } = choiceOf(schema);
  return options.flatMap(({ name, meaning }) => {
    const places = [...settingsOf(schema, path)].filter(({ when }) => when?.value === name).map(inFollower);
    const rows = places.map(({ key, setting }) => [
      code(key),
      variableOf(setting),
      defaultOf(setting),
      setting.meaning,
    ]);
    const settingsTable = rows.length === 0 ? [] : [table(['key', 'variable', 'default', 'meaning'], rows)];
    return [`### ${code(`${key}: ${name}`)}`, meaning, ...settingsTable];
  });
}

function inFollower({ path, setting }: Place): { key: string; setting: Setting } {
  return { key: `followers[].${path.join('.')}`, setting };
}

function variableOf({ variable }: Setting): string {
  return variable === '' ? '–' : code(variable);
}

/** What the schema makes of nothing. */
function defaultOf({ schema }: Setting): string {
  const result = z.safeParse(schema, undefined);
  if (!result.success) return 'required';
  const nothing = result.data === undefined || Array.isArray(result.data);
  return nothing ? '–' : code(String(result.data));
}
