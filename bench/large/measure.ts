/** One flip everywhere, in a large cluster. */

import { isSiteLabel } from '../../contract/routing.ts';
import { listEach } from '../../kubernetes/pages.ts';
import { PODS } from '../../kubernetes/resources.ts';
import { CnpgOperator } from '../../test/support/cnpg-operator.ts';
import type { ControlPlane } from '../../test/support/control-plane.ts';
import type { ControllerProcess } from '../../test/support/controller-process.ts';
import { createNamespace } from '../../test/support/seed.ts';
import { createClusterOnBothSites, EAST } from '../../test/support/two-sites.ts';
import { until } from '../../test/support/until.ts';
import { timeMove } from '../lane.ts';
import { type Memory, memoryOf } from '../memory.ts';
import { SelectedSites } from '../selected-sites.ts';
import { startControllers } from './controllers.ts';
import { type Size, seed } from './ground.ts';
import { loadOf, type ServerLoad, since } from './server-load.ts';

export interface Large extends Size {
  /** From the move of the primary until the last Service selects the pods of the new site. */
  readonly movedMs: readonly number[];
  /** Calls that the controllers made in all moves together, by verb and resource; watches are left out. */
  readonly calls: Readonly<Record<string, number>>;
  readonly server: ServerLoad;
  /** Of each controller: with its followers and nothing else, with everything, and after the moves. */
  readonly memory: readonly { readonly empty: Memory; readonly full: Memory; readonly later: Memory }[];
}

const SEED_LIMIT_MS = 600_000;
const PACE = { demoteMs: 60, promoteMs: 60, relabelMs: 150, settleMs: 50 };

export async function measureLarge(
  plane: ControlPlane,
  size: Size & { readonly moves: number },
  say: (what: string) => void,
): Promise<Large> {
  await using ends = new AsyncDisposableStack();
  const { namespaces, podsInEach, followers, moves } = size;
  const namespace = await createNamespace(plane, 'database');
  const cluster = await createClusterOnBothSites(plane, { namespace, name: 'pg-cluster' });
  const operator = new CnpgOperator(cluster, PACE);
  const routes = new SelectedSites(plane, ends);
  say(`starting controllers for ${followers} followers`);
  const controllers = await startControllers(plane, ends, { cluster, followers });
  const empty = await memories(controllers);
  say(`making ${namespaces} namespaces, each with a Service and ${podsInEach} pods`);
  await seed(plane, size);
  const limit = { timeoutMs: SEED_LIMIT_MS };
  await until('all Services follow', () => routes.all(EAST.name, namespaces) || undefined, limit);
  await until(
    'all pods are labelled',
    async () => (await labelled(plane)) >= namespaces * podsInEach || undefined,
    limit,
  );
  const full = await memories(controllers);
  const [callsBefore, loadBefore] = [await callsOf(controllers), await loadOf(plane)];
  const movedMs: number[] = [];
  for (let move = 0; move < moves; move += 1) {
    const ms = await timeMove({ cluster, operator }, routes.follow(namespaces));
    movedMs.push(ms);
    say(`move ${move + 1} of ${moves}: ${Math.round(ms)} ms`);
  }
  const server = since(loadBefore, await loadOf(plane));
  const later = await memories(controllers);
  return {
    namespaces,
    podsInEach,
    followers,
    movedMs,
    calls: difference(callsBefore, await callsOf(controllers)),
    server,
    memory: controllers.map((_, index) => ({
      empty: of(empty, index),
      full: of(full, index),
      later: of(later, index),
    })),
  };
}

function memories(controllers: readonly ControllerProcess[]): Promise<readonly Memory[]> {
  return Promise.all(controllers.map(({ child }) => memoryOf(child.pid)));
}

function of(all: readonly Memory[], index: number): Memory {
  const memory = all[index];
  if (memory === undefined) throw new Error('A controller has no memory');
  return memory;
}

/** Not by the calls that were answered: an API server that is seeded loses answers. */
async function labelled({ api }: ControlPlane): Promise<number> {
  let pods = 0;
  for await (const { metadata } of listEach(api, PODS, { metadataOnly: true }))
    if (Object.keys(metadata.labels ?? {}).some(isSiteLabel)) pods += 1;
  return pods;
}

const CALL = /^kube_site_follower_kube_api_calls_total\{verb="(\w+)",resource="(\w+)",status="\d+"\} (\d+)/gm;

async function callsOf(controllers: readonly ControllerProcess[]): Promise<Readonly<Record<string, number>>> {
  const calls: Record<string, number> = {};
  for (const controller of controllers) {
    const text = await (await controller.get('/metrics')).text();
    for (const [, verb = '', resource = '', count] of text.matchAll(CALL)) {
      if (verb === 'watch') continue;
      calls[`${verb} ${resource}`] = (calls[`${verb} ${resource}`] ?? 0) + Number(count);
    }
  }
  return calls;
}

function difference(
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  const added = Object.entries(now).map(([what, count]) => [what, count - (before[what] ?? 0)] as const);
  return Object.fromEntries(added.filter(([, count]) => count > 0));
}
