import * as z from 'zod';
import { SECRETS } from '../../../kubernetes/resources.ts';
import type { Permission } from '../../../runtime/rights.ts';
import { matching, namespace, objectName } from '../../../settings/fields.ts';
import { locatesPod } from '../named-pod.ts';
import type { ConfiguredTrigger } from '../trigger-kind.ts';
import { connectByDriver } from './driver.ts';
import { PSMDBS, PsmdbTrigger } from './psmdb.ts';
import { ReplicaSetTrigger } from './replica-set.ts';

/** A replica set has at most 50. */
const MOST_MEMBERS = 50;
const ADDRESS =
  /^(?=.{1,253}(:|$))([A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)(\.[A-Za-z0-9]([-A-Za-z0-9]*[A-Za-z0-9])?)*(:([1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5]))?$/;

export const MONGODB = z
  .object({
    kind: z.literal('mongodb'),
    source: z.enum(['psmdb', 'hello'], 'must be psmdb or hello').meta({
      description: '`psmdb`: the status that Percona’s operator keeps. `hello`: each member is asked itself.',
    }),
    namespace: namespace().meta({ description: 'Namespace of the members’ pods.' }),
    replicaSet: matching(/^[^\s/?#]{1,64}$/, 'must be the name of a replica set such as rs0').meta({
      description: 'Name of the replica set. A member of another one is not believed.',
    }),
    clusterName: objectName('a PerconaServerMongoDB')
      .optional()
      .meta({ description: 'With `source: psmdb`: name of the PerconaServerMongoDB.' }),
    members: z
      .array(
        matching(ADDRESS, 'must be a host, or host:port, such as db-0.db-svc.db.svc.cluster.local:27017'),
        'must be a list of members',
      )
      .min(1, 'must have at least one member')
      .max(MOST_MEMBERS, `must have at most ${MOST_MEMBERS} members`)
      .refine((all) => new Set(all).size === all.length, 'must have each member once')
      .optional()
      .meta({
        description:
          'With `source: hello`: the address of each member; the first label of its host is the name of its pod.',
      }),
    credentialsSecret: objectName('a Secret').optional().meta({
      description:
        'With `source: hello`: Secret in that namespace with `username` and `password`. Without it nobody logs in, which `hello` does not ask for.',
    }),
    tlsSecret: objectName('a Secret').optional().meta({
      description:
        'With `source: hello`: Secret in that namespace with `ca.crt`, and `tls.crt` and `tls.key` where members want a certificate. With it TLS is used.',
    }),
  })
  .meta({ description: 'The primary of a MongoDB replica set.' });

const ONLY_FOR = {
  clusterName: 'psmdb',
  members: 'hello',
  credentialsSecret: 'hello',
  tlsSecret: 'hello',
} as const;

export function mongodb(config: z.output<typeof MONGODB>): ConfiguredTrigger {
  const { source, namespace, replicaSet, clusterName, members, credentialsSecret, tlsSecret } = config;
  return {
    subject: { namespace, replicaSet, ...(members && { members: members.join() }) },
    rights: rightsFor(config),
    check({ report }) {
      for (const key of Object.keys(ONLY_FOR) as (keyof typeof ONLY_FOR)[]) {
        const wanted = ONLY_FOR[key];
        const value = config[key];
        if (wanted !== source && value !== undefined) report(key, value, `is for source: ${wanted} only`);
      }
      if (source === 'psmdb' && clusterName === undefined) {
        report('clusterName', undefined, 'is required with source: psmdb');
      }
      if (source === 'hello' && members === undefined) {
        report('members', undefined, 'is required with source: hello');
      }
    },
    create: (ports) =>
      source === 'psmdb'
        ? new PsmdbTrigger({ ports, namespace, clusterName: clusterName ?? '', replicaSet })
        : new ReplicaSetTrigger({
            ports,
            namespace,
            replicaSet,
            members: members ?? [],
            credentialsSecret,
            tlsSecret,
            connect: connectByDriver,
          }),
  };
}

function rightsFor({
  namespace,
  clusterName,
  credentialsSecret,
  tlsSecret,
}: z.output<typeof MONGODB>): readonly Permission[] {
  const status: Permission = {
    namespace,
    group: PSMDBS.group,
    resource: PSMDBS.plural,
    name: clusterName ?? '',
    verbs: ['get', 'list', 'watch'],
    reason: 'Reads which member is the primary, and hears at once when that changes.',
  };
  const secrets = [credentialsSecret, tlsSecret].flatMap((name): Permission[] =>
    name === undefined
      ? []
      : [
          {
            namespace,
            group: '',
            resource: SECRETS.plural,
            name,
            verbs: ['get'],
            reason: 'Reads how to log in to the members.',
          },
        ],
  );
  const pods = locatesPod(namespace, 'Reads on which node the primary runs.');
  return [...(clusterName === undefined ? [] : [status]), pods, ...secrets];
}
