import { type Config, loadConfig } from '../../../controller/config.ts';
import type { ObjectKey } from '../../../kubernetes/api.ts';
import type { Site } from '../../../settings/site.ts';
import { OPS } from '../setup.ts';

/** What every schedule of a topology has in common. Each place is a Kubernetes cluster of its own. */
export const PLACES = ['east', 'west'] as const;
export type Place = (typeof PLACES)[number];

export const other = (place: Place): Place => (place === 'east' ? 'west' : 'east');

export const ZONE = 'example.com';
export const RECORDS = ['db.example.com', 'app.example.com'];
export const TTL = 60;
export const ADDRESSES: Readonly<Record<Place, string>> = { east: '192.0.2.1', west: '192.0.2.2' };

/** The Cluster of a place, which has the same name in the topology. */
export function clusterOf(place: Place): ObjectKey & { readonly namespace: string } {
  return { namespace: 'postgres', name: `pg-${place}` };
}

export const SITES: readonly Pick<Site, 'name' | 'cluster' | 'ip'>[] = PLACES.map((place) => ({
  name: place,
  cluster: clusterOf(place).name,
  ip: ADDRESSES[place],
}));

const SECRET = Buffer.alloc(32, 1).toString('base64');

export function configOf(place: Place): Config {
  const { namespace, name: clusterName } = clusterOf(place);
  const file = {
    followers: [
      {
        sites: SITES,
        trigger: { kind: 'cnpg-topology', namespace, clusterName },
        dns: {
          provider: 'rfc2136',
          records: RECORDS,
          ttl: TTL,
          rfc2136: { server: '192.0.2.53', tsigName: 'key', tsigSecret: SECRET },
        },
      },
    ],
  };
  const env = { POD_NAMESPACE: OPS, CONFIG_FILE: 'followers.yaml' };
  const loaded = loadConfig(env, () => JSON.stringify(file));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.value;
}
