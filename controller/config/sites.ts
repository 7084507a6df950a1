import * as z from 'zod';
import { canonicalName } from '../../dns/records/domain-name.ts';
import { isDnsName, isTopLevelDomain } from '../../dns/zones.ts';
import { isObjectName } from '../../runtime/object-names.ts';
import { didYouMean } from '../../runtime/suggest.ts';
import { labelSelector } from '../../settings/fields.ts';
import { siteIpv4, siteIpv6 } from '../../settings/ip-addresses.ts';
import type { Site } from '../../settings/site.ts';

function nodeName() {
  return z
    .string({ error: 'must be the name of a node' })
    .refine(isObjectName, 'must be the name of a node as `kubectl get nodes` shows it');
}

function cnameProblem(name: string): string | undefined {
  if (!isDnsName(name)) return 'must be a host name such as east.example.com';
  // RFC 6761 section 6.3.
  if (/(^|\.)localhost$/.test(name))
    return 'must be a name of the site: by this one each client calls itself';
  return isTopLevelDomain(name)
    ? 'must be a host name such as east.example.com, and not a whole top-level domain'
    : undefined;
}

const SITE_KEYS = {
  name: z
    .string({ error: 'must be the name of the site' })
    // It becomes the value of a label.
    .regex(/^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/, {
      error: 'must be 1 to 63 letters, digits, "-", "_" or ".", with a letter or digit at both ends',
    }),
  nodeName: nodeName().exactOptional(),
  nodeNames: z.array(nodeName(), { error: 'must be a list of node names' }).exactOptional(),
  nodeSelector: labelSelector('topology.kubernetes.io/zone=us-east-1a').exactOptional(),
  cluster: z
    .string({ error: 'must be the name that a Cluster has in its topology' })
    .refine(isObjectName, 'must be the name that a Cluster has in its topology')
    .exactOptional(),
  ip: siteIpv4().exactOptional(),
  ipv6: siteIpv6().exactOptional(),
  cname: z
    .string({ error: 'must be a host name such as "east.example.com"' })
    .transform(canonicalName)
    .superRefine((name, context) => {
      const problem = cnameProblem(name);
      if (problem !== undefined) context.addIssue(problem);
    })
    .exactOptional(),
};

const site = z
  .strictObject(SITE_KEYS, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has unknown keys: ${issue.keys.map((key) => `"${key}"${didYouMean(key, Object.keys(SITE_KEYS))}`).join(', ')}`
        : 'must be an object such as {"name": "us-east", "nodeName": "node-1", "ip": "192.0.2.10"}',
  })
  .superRefine((value, context) => {
    const hasNodes =
      value.nodeName !== undefined || Boolean(value.nodeNames?.length) || value.nodeSelector !== undefined;
    if (!hasNodes && value.cluster === undefined) {
      context.addIssue('must say which nodes it has: one of "nodeName", "nodeNames" and "nodeSelector"');
    }
    if (hasNodes && value.cluster !== undefined) {
      context.addIssue('must have either "cluster" or nodes: a site that is a cluster has all of its nodes');
    }
    if (value.cname !== undefined && (value.ip !== undefined || value.ipv6 !== undefined)) {
      context.addIssue('must have either "cname" or addresses: a name with a CNAME can have no other record');
    }
  })
  .transform(({ nodeName, nodeNames = [], ...rest }): Site => {
    return {
      ...rest,
      nodeNames: [...new Set(nodeName === undefined ? nodeNames : [nodeName, ...nodeNames])],
    };
  });

/** What is wrong where some sites are clusters; `areClusters`: the trigger wants them to be. */
export function problemOfClusters(sites: readonly Site[], areClusters: boolean): string | undefined {
  const named = sites.flatMap(({ cluster }) => cluster ?? []);
  if (!areClusters) {
    return named.length === 0 ? undefined : 'must have no "cluster": that is for the trigger cnpg-topology';
  }
  if (named.length < sites.length)
    return 'must each have a "cluster", and no nodes, for the trigger cnpg-topology';
  return new Set(named).size < named.length ? 'must each have a "cluster" of its own' : undefined;
}

// Reads what it can of malformed sites, so that a site with a bad address is still compared with the others.
const namesOnly = z
  .object({
    name: z.string().catch(''),
    nodeName: z.string().exactOptional().catch(''),
    nodeNames: z.array(z.string().catch('')).catch([]).default([]),
  })
  .catch({ name: '', nodeNames: [] });

export const sitesSchema = z
  .array(z.unknown(), { error: 'must be a JSON array of sites: [{"name": …, "nodeName": …, "ip": …}, …]' })
  .min(1, 'must have at least one site')
  .transform((list, context): readonly Site[] => {
    for (const [index, names] of duplicates(list)) {
      context.addIssue({ code: 'custom', path: [index], message: names });
    }
    return list.flatMap((raw, index) => {
      const result = site.safeParse(raw);
      if (result.success) return [result.data];
      for (const { path, message } of result.error.issues) {
        context.addIssue({ code: 'custom', path: [index, ...path], message });
      }
      return [];
    });
  });

/** Index of the later site and what it shares with an earlier one. */
function duplicates(list: readonly unknown[]): [number, string][] {
  const found: [number, string][] = [];
  const names = new Map<string, number>();
  const nodes = new Map<string, number>();
  list.forEach((raw, index) => {
    const { name, nodeName, nodeNames } = namesOnly.parse(raw);
    const twin = names.get(name);
    if (name !== '' && twin !== undefined)
      found.push([index, `must not be named "${name}" like site [${twin}]`]);
    names.set(name, twin ?? index);
    for (const node of new Set([nodeName ?? '', ...nodeNames])) {
      const owner = nodes.get(node);
      if (node !== '' && owner !== undefined)
        found.push([
          index,
          `must not have node "${node}", which site [${owner}] has: a node stands in one place`,
        ]);
      nodes.set(node, owner ?? index);
    }
  });
  return found;
}
