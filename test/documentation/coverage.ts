/** How each command of the documentation is tried. The first row that matches counts; one without a row fails the test. */
import { join } from 'node:path';

export type Coverage =
  /** Run as it stands; it must succeed, and find what it asks for unless `mayBeEmpty`. */
  | { readonly run: true; readonly mayBeEmpty?: boolean }
  /** Run in this form, because all of it would take too long or needs what is not here. */
  | { readonly instead: (command: string) => string; readonly why: string; readonly fails?: RegExp }
  /** Done by another test, which has this text in it. */
  | { readonly by: string; readonly mark: string };

export const COVERAGE: readonly (readonly [RegExp, Coverage])[] = [
  [
    /^make /,
    {
      instead: (command) => command.replaceAll(/\bmake\b/g, 'make -n'),
      why: 'these are the tests themselves',
    },
  ],
  [
    /^(docker|kind) /,
    {
      instead: () => 'test -f Dockerfile',
      why: 'there is no container engine; the image is tried on the real cluster',
    },
  ],
  [/^curl localhost:9911\/active/, { by: 'sidecar/server.test.ts', mark: '/active?format=text' }],
  [
    /dist\/controller\.mjs$/,
    {
      instead: (command) =>
        command.replace(
          'dist/controller.mjs',
          'HTTP_PORT=0 timeout --foreground --preserve-status 5 dist/controller.mjs',
        ),
      // Without --foreground it gets SIGTERM twice, and the second one ends it at once.
      why: 'it runs until it is stopped, which is no failure',
    },
  ],
  [/^(PATH=\S+ |node )dist\/cli\.mjs /, { run: true }],
  [
    /^node bench\/large\.ts /,
    {
      instead: () => `node --check ${join(import.meta.dirname, '../../bench/large.ts')}`,
      why: 'it starts a control plane and takes minutes',
    },
  ],
  [/^node scripts\/peers-docs\.ts /, { by: 'scripts/peers-docs.test.ts', mark: 'withPeers(PAGE' }],
  [/^node scripts\/performance-docs\.ts /, { by: 'scripts/performance-docs.test.ts', mark: 'withRun(PAGE' }],
  [
    /^helm dependency update /,
    {
      instead: () => 'test -d charts/kube-site-follower/charts',
      why: 'the dependency comes from a fake',
    },
  ],
  [
    /^helm template .* \| kubectl site-follower check --pre --filename -$/,
    {
      instead: (command) => `${command} || test $? -eq 1`,
      why: 'it finds what is wrong here: other nodes than the values name',
    },
  ],
  [
    /^helm install .* oci:/,
    {
      by: 'test/integration/first-installation.test.ts',
      mark: 'ends with operator, database and a settled status',
    },
  ],
  [
    /^helm --kube-context \S+ upgrade --install /,
    {
      instead: (command) => command.replace('upgrade --install', 'template'),
      why: 'the operator’s image cannot be had here',
    },
  ],
  [/^helm test /, { by: 'test/integration/first-installation.test.ts', mark: "helm('test', RELEASE" }],
  [
    /^helm install /,
    {
      instead: (command) => command.replace('helm install', 'helm template'),
      why: 'there is one already, and nothing runs the Job that makes the database',
    },
  ],
  [
    /^helm upgrade .* webhook\.mode=/,
    {
      instead: (command) => `${command.replace('helm upgrade', 'helm template')} --kube-version 1.37.0`,
      why: 'the API server here may be too old for it; test/integration/policies.test.ts moves from one to the other',
    },
  ],
  [
    /^helm uninstall /,
    { instead: (command) => `${command} --dry-run`, why: 'it waits for a Job, and nothing runs Jobs here' },
  ],
  [/^helm /, { run: true }],
  [
    /^kubectl .*\bcreate deployment web\b/,
    {
      instead: (command) => `${command.replace(/\s+#.*$/, '')} --dry-run=client`,
      why: 'there is one already',
    },
  ],
  [
    /^kubectl .*\bexec\b/,
    {
      instead: (command) => command.replace(' --container nginx', ''),
      why: 'pods are never scheduled here; the answer itself is tried on the real cluster',
      fails: /does not have a host assigned/,
    },
  ],
  [
    /^kubectl .*\bport-forward\b/,
    {
      instead: (command) => command,
      why: 'there is no kubelet',
      fails: /pod is not running. Current status=Pending/,
    },
  ],
  [
    /^kubectl .*\blogs\b/,
    {
      instead: (command) => {
        const [logs = ''] = command.split(' | ');
        return logs.includes(' -l ')
          ? `${logs} && ${logs.replace(' logs ', ' get pods ').replace(/ --tail=\d+/, '')}`
          : logs;
      },
      why: 'pods are never scheduled here, so they have no log; but they must be found',
    },
  ],
  [
    /^kubectl site-follower check/,
    {
      instead: (command) => `${command} || test $? -eq 1`,
      why: 'it finds what is wrong here: nothing serves the webhook',
    },
  ],
  [
    /^kubectl .* wait cluster /,
    {
      instead: (command) => command.replace(/ wait cluster (\S+) .*/, ' get cluster $1'),
      why: 'there is no operator',
    },
  ],
  [
    /^kubectl site-follower status .*--context .*--context /,
    {
      by: 'test/integration/cli-topology.test.ts',
      mark: "['status', '--context', 'east', '--context', 'west']",
    },
  ],
  [
    /^kubectl site-follower switchover .*--to-context /,
    { by: 'test/integration/cli-topology.test.ts', mark: "[...argsTo('west'), '--dry-run']" },
  ],
  [
    /^kubectl site-follower promote /,
    { by: 'test/integration/cli-topology.test.ts', mark: "['promote', '--to', 'west'" },
  ],
  [/^mkdir -p \S+ && install -m 755 dist\/cli\.mjs /, { run: true }],
  [
    /^kubectl label services .* site-follower\/follow-$/,
    {
      instead: (command) => `${command} --dry-run=server`,
      why: 'other commands look for Services that follow',
    },
  ],
  [/^chmod \+x ~\/\.local\/bin\/kubectl_complete-site_follower$/, { run: true, mayBeEmpty: true }],
  [/^kubectl-site_follower completion /, { run: true, mayBeEmpty: true }],
  [/^source <\(kubectl-site_follower completion bash\)/, { run: true, mayBeEmpty: true }],
  [/^kubectl get events /, { run: true, mayBeEmpty: true }],
  [/^kubectl /, { run: true }],
];

/** What begins a command in a block that has output in it, too. */
const PROGRAMS =
  /^(?:[A-Z]+=\S+ )*(?:\.?\/?[\w./-]*dist\/\w+\.[cm]js|make|docker|kind|curl|node|npm|npx|helm|kubectl|export|echo|install|mkdir|source|chmod|openssl|dig|sh|bash)\b/;

/** The commands of a shell block, one each, also where a text in quotes goes over several lines. */
export function commandsOf(text: string): string[] {
  const commands: string[] = [];
  let open = '';
  for (const line of text.split('\n')) {
    if (open === '' && !PROGRAMS.test(line)) continue;
    open = open === '' ? line : `${open}\n${line}`;
    const goesOn = open.endsWith('\\') || (open.match(/'/g) ?? []).length % 2 === 1;
    if (goesOn) continue;
    commands.push(open);
    open = '';
  }
  return commands;
}
