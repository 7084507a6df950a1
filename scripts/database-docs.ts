import { DATABASES, type Marks, OTHER_KINDS, OWNERS, POOLERS } from '../contract/databases.ts';
import { code, table } from './markdown.ts';

/** The page of what is left alone. */
export function databaseParts(): string[] {
  return [
    `The site of the primary is the active one. So a member of a database that was gated until its site is active could never
become the primary, and nothing would fail over any more. **Pods of a database are never injected and never gated**, whatever asks for it:
its namespace, its workload, or the pod itself. A namespace that has a database and applications can have the label
\`site-follower/inject=true\`; the applications get the sidecar.`,
    `- The webhook leaves them as they are, and reports why: as a warning to the client that creates the pod, in the Event \`InjectionSkipped\`, and
  counted as \`database-member\`. \`kubectl site-follower inject\` does the same. While the webhook is down, they are created without it.
- A label on a workload of theirs is not copied to its pod template, which would restart the database for nothing.
- The condition \`site-follower/active\` of one that an older version has gated is always \`True\`.
- A Service that the operator made does not follow, whatever its labels say: the Event is \`ServiceRefused\`. One that an older version
  had moved gets back the selector that it had. Where clients have to reach the active site, create a Service of your own.
- \`kubectl site-follower explain\` says it of a pod; the check \`databases\` names the namespaces and workloads, and pods that an
  older version has injected. Only recreating these removes the sidecar.`,
    '## How they are recognised',
    'By what their operators write, of pods and pod templates:',
    table(
      ['it is', 'why it is left alone', 'labels, all of them', 'or a container'],
      DATABASES.map(({ what, why, labels, containers }) => [what, why, marks(labels), names(containers)]),
    ),
    `Services are known by the same labels, but for Patroni’s own, which users write on theirs. Pods and Services count as well when an object of these API groups owns them:`,
    `${OWNERS.map(code).join(', ')}; but not their kinds ${OTHER_KINDS.map(code).join(', ')}. Where such an object owns a
workload, the label on that has no effect, and offline its pods get no sidecar, whatever their template says.`,
    `What has no operator of these is known by the configuration: members of a \`pod-label\` trigger’s preset by its labels, those of a
\`mongodb\` trigger by the names in \`members\`, and of these and the triggers \`lease\`, \`resource\` and \`pod-label\` every pod of the workload
(StatefulSet, Deployment) that the primary is of. The chart passes what is followed to the webhook, in \`FOLLOWED\`. Before the first primary was
found its workload is unknown; offline injection never knows any. When a pod is made the webhook sees its own labels, containers and owner,
not the owner of its StatefulSet: where an operator is told to use other labels than those above, and its pods ask by themselves or by their
namespace, let it put \`site-follower/inject: "false"\` on them. While the webhook is down, such pods wait for it like all others that ask.`,
    `Poolers only speak to a database, and are applications: ${POOLERS.map(marks).join(', ')}. These labels say nothing of a pod
that has those of a member, which an operator's poolers do not have. While one of them stands by,
Percona's operator for PostgreSQL calls its cluster \`initializing\`, but goes on to back it up. The routers and proxies of its operators
for MongoDB and MySQL would be applications too; but these call the cluster ready, and some of them back it up, only when all of those are ready. So they
are left alone.`,
  ];
}

function marks(labels: Marks | undefined): string {
  return Object.entries(labels ?? {})
    .map(([key, values]) => (values.length === 0 ? code(key) : code(`${key}=${values.join('|')}`)))
    .join(' ');
}

function names(list: readonly string[] | undefined): string {
  return (list ?? []).map(code).join(' ');
}
