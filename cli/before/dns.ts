import { explain } from '../../runtime/explain.ts';
import { type Check, type Finding, problem, type Result, skip, warning } from '../checks/check.ts';
import { type Before, GIVE_MANIFESTS } from './before.ts';
import type { DnsReading } from './dns-read.ts';
import { plannedEnvironment } from './environment.ts';

/** Writes objects into the cluster and needs no credentials. */
const IN_THE_CLUSTER = 'external-dns';

export const DNS_CREDENTIALS: Check<Before> = {
  name: 'dns-credentials',
  title: 'each DNS zone can be read with the credentials that the controller will have',
  async find({ api, clock, abort, namespace, planned, env }): Promise<Result> {
    if (planned === undefined) return skip(GIVE_MANIFESTS);
    const { env: given, files } = await plannedEnvironment(planned, namespace, api);
    if (given.DNS_PROVIDER === IN_THE_CLUSTER) return skip('ExternalDNS has the credentials');
    const { parse } = await import('../text/yaml.ts');
    const { readDns } = await import('./dns-read.ts');
    const file: unknown = planned.configFile === undefined ? undefined : parse(planned.configFile);
    const readings = await readDns({
      env: given,
      files,
      file,
      proxies: { https: env.HTTPS_PROXY ?? env.https_proxy, http: env.HTTP_PROXY ?? env.http_proxy },
      noProxy: (env.NO_PROXY ?? env.no_proxy ?? '').split(',').map((host) => host.trim()),
      api,
      clock,
      namespace,
      abort,
    }).catch((error: unknown) => {
      abort.throwIfAborted();
      throw new Error(`the settings of DNS cannot be tried here: ${explain(error)}`, { cause: error });
    });
    if (readings.length === 0) return skip('no records are listed');
    const read = readings.flatMap(({ zone, provider, error }) => (error ? [] : [`${zone} at ${provider}`]));
    const note = read.length === 0 ? '' : `${read.join(', ')}, from this machine`;
    return { findings: readings.flatMap(findingsOf), note };
  },
};

function findingsOf({ provider, zone, error }: DnsReading): readonly Finding[] {
  if (error === undefined) return [];
  const about = `Zone ${zone} at ${provider}`;
  const text = `${error.message.replace(/\.$/, '')} (asked from this machine; the controller will ask from its nodes)`;
  return [error.stays ? problem(about, text, error.action) : warning(about, text, error.action)];
}
