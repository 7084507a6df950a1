import { CHECKS_BEFORE } from '../cli/before/checks.ts';
import { CHECKS } from '../cli/checks/registry.ts';
import { EXIT_CODES } from '../cli/exit-codes.ts';
import { createProgram } from '../cli/run.ts';
import { recordingTerminal } from '../cli/testing/terminal.ts';
import { code, fence, table } from './markdown.ts';

/** Of docs/cli.md, below its title. */
export function cliParts(): string[] {
  const program = createProgram(recordingTerminal(), () => Promise.resolve());
  const helps = program.commands.flatMap((command) => [
    `### ${command.name()}`,
    fence('text', command.helpInformation().trimEnd()),
    ...(EXAMPLES[command.name()] ?? []),
  ]);
  return [
    INTRODUCTION,
    '## Commands',
    ...helps,
    '## Checks',
    `Each has a name, which is the \`name\` in \`-o json\`. Its \`outcome\` is \`ok\`, \`warning\`, \`problem\`, \`unknown\` without permission to
read it, or \`skipped\` where there is nothing to check; the last two are no problem.`,
    table(
      ['name', 'passes if'],
      CHECKS.map(({ name, title }) => [code(name), title]),
    ),
    'With `--pre` these:',
    table(
      ['name', 'passes if'],
      CHECKS_BEFORE.map(({ name, title }) => [code(name), title]),
    ),
    '## Exit codes',
    table(
      ['code', 'meaning'],
      Object.values(EXIT_CODES).map(({ code: number, meaning }) => [String(number), meaning]),
    ),
    RIGHTS,
    SHAPES,
  ];
}

const INTRODUCTION = `A [release](releasing.md#the-plugin) has it as an archive that needs nothing else. Built in a clone it is one bundle, \`dist/cli.mjs\`, that
needs only Node 24. kubectl finds it as a plugin when it is in the \`PATH\` as \`kubectl-site_follower\`:

    mkdir -p ~/.local/bin && install -m 755 dist/cli.mjs ~/.local/bin/kubectl-site_follower
    kubectl site-follower status

In a clone, \`npm install --global .\` after \`make build\` puts it there, too.

It uses your kubeconfig and permissions. The controller is detected by its ConfigMaps; with several in one
cluster choose one with \`-n\`, and with several followers one with \`--follower\`. Colours are for terminals only, and
\`NO_COLOR\` turns them off. Control characters in names, messages and labels are escaped, as
\`\\x1b\`. No secret is ever shown; of the webhook’s Secret only the certificate is read.`;

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  status: [
    `    kubectl site-follower status
    kubectl site-follower status -o json`,
    `With \`--watch\` a terminal is redrawn with each change; elsewhere, or with \`-o json\`, one change is printed after
another. With several \`--context\` it shows all sides of a [topology](triggers.md#cnpg-topology) in one picture, and says where two consider
themselves active at once. *The controller does not run* means that its Lease is older than it should be by the clock of your machine.
\`check\` and \`switchover\` watch it for some seconds before they conclude that.`,
  ],
  check: [
    `    kubectl site-follower check
    kubectl site-follower check --pre`,
    `With \`--pre\` nothing has to be installed: it looks at what the chart needs. With the manifests, made by \`helm template\` from the very
values of the installation, it looks at just those: whether the API server knows and you may create each of them, whether the
namespace admits the pods, whether the sites’ nodes are there, and whether the DNS zones can be read with these credentials.`,
    `    helm template kube-site-follower charts/kube-site-follower --namespace site-follower -f values.yaml | kubectl site-follower check --pre --filename -`,
    `Nothing is created or written; pods are tried by a dry run. DNS is asked from your machine: an address list at the provider, or a firewall,
may treat the nodes otherwise. What the controller reaches can only be seen from inside: \`helm test\` and a \`check\` afterwards tell.
The port of the webhook is tried by what the API server passes on to a pod that runs already, and \`webhook.mode: policy\` needs
\`--kube-version\` for \`helm template\`, which asks no cluster.`,
  ],
  history: [
    `    kubectl site-follower history
    kubectl site-follower history --chart`,
    `*Followed in* is the time from the move of the primary until the status was written. In the chart, the height of a block is
the share of its time in which the site was active.`,
  ],
  switchover: [
    '    kubectl site-follower switchover --to eu-west --dry-run',
    `It asks before it does anything, unless \`--yes\` is given. The status of the Cluster is patched once, as \`kubectl cnpg
promote\` does it, and only if the Cluster has not changed since the preconditions were checked. A move in progress is never repeated or undone.
Where only what the operator recorded at its last reconcile prevents it, the operator is asked to reconcile first.
DNS errors that need a change by hand (a wrong key, a missing zone) are reported before the move; they do
not prevent it. Then it watches what follows, for at most ten minutes, and ends sooner when all but such DNS
has followed; Ctrl-C ends the watching, not the move.`,
    `Where each site is a Kubernetes cluster ([\`cnpg-topology\`](triggers.md#cnpg-topology)), name the contexts of both:`,
    `    kubectl site-follower switchover --to eu-west --context us-east --to-context eu-west --dry-run`,
    `It checks both sides, demotes the primary’s Cluster by \`spec.replica\`, waits for its token, promotes the other one with it, and
watches what follows there, for at most 15 minutes. Each step begins when the one before is done. The two Clusters alone tell
how far it is: interrupted at any step, the same command goes on, and the command that it prints goes back while nobody was
promoted. \`source\` of the demoted Cluster becomes the new primary, too. With \`--dry-run\` the API servers judge the changes and keep
nothing. Where Clusters are kept in Git, \`--print\` prints what to change there and what to wait for between; something that
puts a change back stops the command. Each context is asked about its own side alone; in a context whose
namespace has a controller, that one is meant.`,
  ],
  promote: [
    '    kubectl site-follower promote --to eu-west --context eu-west',
    `For a [topology](triggers.md#cnpg-topology) whose primary’s site is lost; while it can be reached, use \`switchover\`. It shows how much WAL
the Cluster here has received and replayed, as far as its instance tells, and what is lost. With \`--force\` it asks for the name of the
site, promotes the Cluster without a token, watches what follows, and says what to do when the other site returns. It refuses
while the instance still receives WAL, as then the primary is alive.`,
  ],
};

const RIGHTS = `## Permissions

| command | needs |
| --- | --- |
| all | \`list\` on \`configmaps\`: of the controller’s namespace with \`-n\`, else everywhere; where several look like a controller’s, \`list\` on \`clusterrolebindings\`, which tell whose they are; where there is no status, \`list\` on \`deployments\` and \`pods\` of the controller, which tell why |
| \`status\` | \`list\` on \`pods\` everywhere, \`get\` on the Lease: without them it shows less; \`watch\` on all of these for \`--watch\` |
| \`explain\` | \`get\` on the pod and its namespace; \`list\` on \`mutatingadmissionpolicies\`: without it the webhook is taken for who injects |
| \`check\` | \`list\` on what it checks, \`create\` on \`pods\` for a dry run and on \`subjectaccessreviews\`, \`get\` on the webhook’s Secret |
| \`check --pre\` | \`list\` on \`nodes\`, \`pods\`, \`networkpolicies\`, \`storageclasses\` and \`clusters\`, \`get\` on \`pods/proxy\` and on what the chart makes in the cluster, \`create\` on \`pods\` for a dry run |
| \`switchover\` | \`get\`, \`list\`, \`watch\` on \`clusters\`, \`list\` on \`backups\`, \`pods\` and \`nodes\`, \`watch\` on \`configmaps\`, and \`patch\` on \`clusters/status\`; to watch Services \`list\` on \`pods\`, \`services\` and \`endpointslices\`, and \`watch\` on the last, everywhere |
| \`switchover --to-context\` | in both: \`get\` and \`patch\` on \`clusters\`, \`list\` on \`backups\` and \`pods\`, \`get\` on the Lease and, to tell how far the replica is behind, on \`pods/proxy\`; to watch Services \`list\` as above |
| \`promote\` | as \`switchover --to-context\`, and \`list\` and \`watch\` on \`clusters\` and \`configmaps\` |`;

const SHAPES = `## For programs

\`-o json\` and \`-o yaml\` have the same shape. Later versions only add fields. Times are RFC 3339, durations
milliseconds, and unknown values are \`null\`.

\`inject\` and \`uninject\` print manifests; \`completion\` prints a script and has no such option.

| command | top-level fields |
| --- | --- |
| \`status\` | \`followers[]\`: \`name\`, \`namespace\`, \`status\`, \`advice\`, \`leader\`, \`sites[]\`, \`dns[]\`, \`workloads[]\`, \`attention[]\` |
| \`status\`, several contexts | \`contexts[]\`: \`context\`, \`error\`, \`followers[]\` as above; \`activeTwice[]\` |
| \`check\` | \`namespace\`, \`problems\`, \`warnings\`, \`checks[]\`: \`name\`, \`title\`, \`outcome\`, \`note\`, \`findings[]\` |
| \`history\` | \`follower\`, \`namespace\`, \`transitions[]\`: \`epoch\`, \`from\`, \`to\`, \`node\`, \`primary\`, \`movedAt\`, \`writtenAt\`, \`followedMs\`, \`activeMs\` |
| \`switchover\` | \`site\`, \`cluster\`, \`from\`, \`target\`, \`node\`, \`isThere\`, \`preconditions[]\`, \`warnings[]\`, \`patchedAt\`, \`milestones[]\` |
| \`switchover --to-context\` | \`from\`, \`to\`: \`context\`, \`site\`, \`name\`, \`cluster\`; \`step\`, \`preconditions[]\`, \`warnings[]\`, \`startedAt\`, \`milestones[]\` |
| \`promote\` | \`site\`, \`name\`, \`cluster\`, \`lost\`, \`wal\`, \`preconditions[]\`, \`patchedAt\`, \`milestones[]\` |
| \`explain\` | \`namespace\`, \`pod\`, \`injection\`, \`readiness\`, \`hints[]\` |

## Completion

    source <(kubectl-site_follower completion bash)

For zsh and fish likewise. For \`kubectl site-follower\` itself, kubectl asks a helper that has to be in the \`PATH\`:

    kubectl-site_follower completion kubectl > ~/.local/bin/kubectl_complete-site_follower
    chmod +x ~/.local/bin/kubectl_complete-site_follower`;
