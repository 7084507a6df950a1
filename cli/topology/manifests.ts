import { CLUSTERS } from '../../cnpg/cluster.ts';
import { selfOf } from '../../cnpg/topology.ts';
import { nextStep } from '../../cnpg/topology-switch.ts';
import { serialize } from '../text/output.ts';
import { plain } from '../text/plain.ts';
import type { SideState } from './side.ts';

/** The remaining changes as parts of manifests, for Clusters kept in Git, with what to wait for between them. */
export async function manifestsOf(from: SideState, to: SideState): Promise<string> {
  const step = nextStep({ from: from.cluster, to: to.cluster });
  const [fromName, toName] = [selfOf(from.cluster), selfOf(to.cluster)];
  const part = async ({ side }: SideState, replica: object) =>
    `---\n${await serialize(
      {
        apiVersion: `${CLUSTERS.group}/${CLUSTERS.version}`,
        kind: CLUSTERS.kind,
        metadata: { namespace: side.key.namespace, name: side.key.name },
        spec: { replica },
      },
      'yaml',
    )}`;
  const kept = (state: SideState) => {
    const { self, source } = state.cluster.spec?.replica ?? {};
    return { ...(self !== undefined && { self }), ...(source !== undefined && { source }) };
  };
  const read = (state: SideState, field: string) =>
    `kubectl --context ${state.side.context} -n ${state.side.key.namespace} get clusters.postgresql.cnpg.io ${state.side.key.name} -o jsonpath='{.status.${field}}'`;
  const demote = [
    comment(
      `In context ${from.side.context}: ${fromName} becomes a replica cluster of ${toName}. It must have no promotionToken.`,
    ),
    await part(from, { ...kept(from), primary: toName, source: toName }),
  ];
  const wait = [
    comment('Wait until this prints a token, and put it into the next one:', read(from, 'demotionToken')),
  ];
  const promote = async (promotionToken: string | undefined) => [
    comment(
      `In context ${to.side.context}: ${toName} becomes the primary.`,
      promotionToken === undefined
        ? 'It must have no promotionToken: it takes back what was its own.'
        : `Both fields at once: without the token it would be a failover, and ${fromName} would have to be made anew.`,
    ),
    await part(to, { ...kept(to), primary: toName, ...(promotionToken !== undefined && { promotionToken }) }),
  ];
  const end = [comment('It is done when this prints the token:', read(to, 'lastPromotionToken'))];
  switch (step.kind) {
    case 'demote':
      return [...demote, ...wait, ...(await promote('TOKEN')), ...end].join('');
    case 'await-demotion':
      return [...wait, ...(await promote('TOKEN')), ...end].join('');
    case 'promote':
      return [...(await promote(step.token)), ...end].join('');
    case 'take-back':
      return (await promote(undefined)).join('');
    case 'await-promotion':
      return end.join('');
    case 'done':
      return comment(`${toName} is the primary already.`);
    case 'refused':
      return comment(`Nothing can be done: ${step.why}.`);
  }
}

function comment(...lines: readonly string[]): string {
  return lines.map((line) => `# ${plain(line)}\n`).join('');
}
