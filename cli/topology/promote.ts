import { CLUSTERS } from '../../cnpg/cluster.ts';
import { check, operatorPreconditions, type Precondition } from '../../cnpg/preconditions.ts';
import { type Role, roleInTopology, selfOf } from '../../cnpg/topology.ts';
import { topologyPromotionPatch } from '../../cnpg/topology-switch.ts';
import { isReady } from '../../kubernetes/ready.ts';
import { timestamp } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import type { ClusterOptions, FollowerOptions, OutputOptions } from '../cluster/options.ts';
import { UNTIL_ANSWERED, withSession } from '../cluster/session.ts';
import { reported } from '../commands/reported.ts';
import { isTyped } from '../confirm.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import { changeAndFollow } from '../switchover/change.ts';
import { timesOf, unreached } from '../switchover/follow.ts';
import { conditionsIn, unmet } from '../switchover/plan.ts';
import { renderUnreached } from '../switchover/render.ts';
import type { Terminal } from '../terminal.ts';
import { bold, yellow } from '../text/line.ts';
import { Output } from '../text/output.ts';
import { type PromotionView, renderAfterwards, renderPromotion } from './promotion.ts';
import { findSide, readSideState, type SideState } from './side.ts';
import { askWal, type Wal } from './wal.ts';

export interface PromoteOptions extends ClusterOptions, FollowerOptions, OutputOptions {
  readonly to: string;
  readonly force?: true;
  readonly yes?: true;
}

/** Promotes the Cluster of a topology without the token of the former primary, which is lost. */
export const promote = reported((terminal: Terminal, options: PromoteOptions): Promise<Outcome> => {
  const { clock, abort } = terminal;
  const { namespace, follower, to, force, yes, context = 'current' } = options;
  const output = new Output(terminal, options.output);
  return withSession(terminal, options, async (session): Promise<Outcome> => {
    const side = await findSide(session, context, { namespace, follower });
    if (side.site !== to)
      throw new CommandError('usage', `This is the cluster of site ${side.site}, not of ${to}.`);
    const state = await readSideState(side, clock, abort);
    const role = roleInTopology(state.cluster);
    const view = viewOf(state, await askWal(side.api, state.cluster), role);
    const end = async (outcome: Outcome, more: Partial<PromotionView> = {}): Promise<Outcome> => {
      await output.give({ ...view, ...more });
      return outcome;
    };
    if (role.kind === 'primary') {
      output.say([[`${view.name} in ${to} is the primary already.`]]);
      return end('done');
    }
    output.say(renderPromotion(view, output.columns));
    if (unmet(view.preconditions).length > 0) return end('refused');
    if (!force) {
      output.say([[yellow('Nothing was changed. If the site of the primary is lost, --force does it.')]]);
      return end('refused');
    }
    if (!yes && !(await isTyped(terminal, 'What the primary had not sent is lost.', to))) {
      output.say([[yellow('Cancelled; nothing was changed.')]]);
      return end('refused');
    }
    const target = state.cluster.status?.currentPrimary ?? '';
    const move = { api: side.api, follower: side.published, cluster: side.key, target, site: to };
    const { patchedAt, milestones } = await changeAndFollow(terminal, output, move, async () => {
      await send(state);
      return timestamp(clock);
    });
    const isDone = unreached(milestones).length === 0;
    output.say([
      isDone
        ? [bold('Everything has followed.')]
        : [yellow('Not everything has followed yet; it goes on by itself.')],
      ...renderUnreached(milestones),
      [],
      ...renderAfterwards(view, output.columns),
    ]);
    const left = abort.aborted ? 'interrupted' : 'unfinished';
    return end(isDone ? 'done' : left, { patchedAt, milestones: timesOf(milestones) });
  });
});

async function send({ side, cluster }: SideState): Promise<void> {
  try {
    const body = topologyPromotionPatch(cluster, null);
    await side.api.patch(CLUSTERS, side.key, body, { type: 'merge', ...UNTIL_ANSWERED });
  } catch (error) {
    throw new CommandError(
      'refused',
      `Not done, or not known whether it was: ${explain(error)}. Run it again without --force to see.`,
      error,
    );
  }
}

function viewOf(state: SideState, wal: Wal | undefined, role: Role): PromotionView {
  const { side, cluster } = state;
  const { primary = '', source = '' } = cluster.spec?.replica ?? {};
  const name = selfOf(cluster);
  return {
    site: side.site,
    name,
    cluster: `${side.key.namespace}/${side.key.name}`,
    // It names itself where a promotion with a token was begun that can never end.
    lost: primary === name || primary === '' ? source : primary,
    wal: wal ?? null,
    preconditions: conditionsIn(conditionsOf(state, wal, role)),
    patchedAt: null,
    milestones: [],
  };
}

function conditionsOf(
  { side, cluster, pods, mayPatch, isLed }: SideState,
  wal: Wal | undefined,
  role: Role,
): Precondition[] {
  const { currentPrimary = '' } = cluster.status ?? {};
  const pod = pods.find(({ metadata }) => metadata.name === currentPrimary);
  return [
    check('it is part of a topology', role.kind === 'none' && `${side.key.name} ${role.problem}`),
    check(
      'you have permission to change it',
      !mayPatch && `you may not patch clusters of ${side.key.namespace}`,
    ),
    check('a controller leads', !isLed && 'no controller runs here, so nothing would follow'),
    // Not whether the Cluster is healthy: only whether the operator can promote it.
    ...operatorPreconditions(cluster),
    check('its instance is ready', (pod === undefined || !isReady(pod)) && `${currentPrimary} is not Ready`),
    check(
      'the primary is gone',
      wal?.isReceiving === true &&
        'its instance still receives WAL, so what it replicates from is alive: use switchover. One that was lost just now counts as connected for another minute',
    ),
  ];
}
