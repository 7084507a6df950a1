import type { MilestoneTime } from '../switchover/follow.ts';
import type { Condition } from '../switchover/plan.ts';
import { renderConditions } from '../switchover/render.ts';
import { command } from '../text/command.ts';
import { bold, type Line, paragraph } from '../text/line.ts';
import type { Wal } from './wal.ts';

/** What `promote -o json` prints. */
export interface PromotionView {
  readonly site: string;
  readonly name: string;
  readonly cluster: string;
  /** The Cluster that it was a replica of. */
  readonly lost: string;
  /** Null where its instance gave no answer. */
  readonly wal: Wal | null;
  readonly preconditions: readonly Condition[];
  /** RFC 3339; null when nothing was changed. */
  readonly patchedAt: string | null;
  /** After that. */
  readonly milestones: readonly MilestoneTime[];
}

export function renderPromotion(view: PromotionView, width: number): Line[] {
  const { site, name, cluster, lost, wal, preconditions } = view;
  const known =
    wal === null
      ? `How much ${name} has received is not known: its instance gave no answer, or you may not get pods/proxy.`
      : `${name} has received WAL up to ${wal.received || '?'} and replayed it up to ${wal.replayed || '?'}; what ${lost} wrote after that is lost.`;
  const warnings = [
    `${lost} is not asked. If it is alive, two Clusters take writes until it is demoted.`,
    known,
    `${lost} has to be made anew afterwards: it cannot follow ${name} any more.`,
  ];
  return [
    ...paragraph(
      '',
      ['Promote ', bold(name), ` (${cluster}) in `, bold(site), ` without a token of ${lost}`],
      width,
    ),
    [],
    ...renderConditions({ preconditions, warnings }, width),
  ];
}

/** Source: CloudNativePG, documentation, "Replica clusters": after a failover the former primary has to be re-cloned. */
export function renderAfterwards({ name, lost }: PromotionView, width: number): Line[] {
  const demotion = command`kubectl patch clusters.postgresql.cnpg.io ${lost} --type merge -p '{"spec":{"replica":{"primary":"${name}","source":"${name}","promotionToken":null}}}'`;
  return [
    [bold(`When ${lost} returns`)],
    ...paragraph(
      '',
      [
        `Its controller finds the claim of ${name} in DNS and stands by (ClaimedElsewhere); without DNS of its own it cannot know. Demote it first of all, in its own context and namespace:`,
      ],
      width,
    ),
    [`  ${demotion ?? 'what spec.replica calls it can be the name of no Cluster; find out who wrote that'}`],
    ...paragraph(
      '',
      [
        `Save from it what ${name} lacks, if anything. Then delete that Cluster with its volumes and create it again with bootstrap.pg_basebackup from ${name}.`,
      ],
      width,
    ),
  ];
}
