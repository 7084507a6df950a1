import type { SeededRandom } from '../support/random.ts';
import { API_WEATHER, REGISTRAR_WEATHER } from './faults.ts';
import { NODE_GROUPS, NODE_TROUBLES, type NodeTrouble } from './nodes.ts';
import { MOVES } from './postgres.ts';

/** What somebody without a clue may do to the status ConfigMap. */
export const EDITS = [
  'delete',
  'lose a key',
  'garble the epoch',
  'lower the epoch',
  'other site',
  'raise epoch and site',
  'strip annotations',
] as const;

export type Edit = (typeof EDITS)[number];

/** A call in whose middle a replica may be stopped or killed. */
const AMBUSHES = [
  'replace configmaps',
  'replace leases',
  'get clusters',
  'get pods',
  'patch clusters',
  'patch services',
  'patch pods',
  'setHosts',
  'getHosts',
] as const;

type Replica = 0 | 1;

/** One thing that goes wrong, or happens; `ms` is how long it lasts. */
export type Disturbance =
  | { readonly kind: 'move'; readonly move: (typeof MOVES)[number] }
  | {
      readonly kind: 'api weather';
      readonly replica: Replica | 'both';
      readonly weather: keyof typeof API_WEATHER;
      readonly ms: number;
    }
  | {
      readonly kind: 'registrar weather';
      readonly replica: Replica | 'both';
      readonly weather: keyof typeof REGISTRAR_WEATHER;
      readonly ms: number;
    }
  | { readonly kind: 'freeze'; readonly replica: Replica; readonly ms: number }
  | { readonly kind: 'crash'; readonly replica: Replica; readonly ms: number }
  /** Waits for the next call of that kind, for a minute at most. */
  | {
      readonly kind: 'ambush';
      readonly replica: Replica;
      readonly at: (typeof AMBUSHES)[number];
      readonly how: 'freeze' | 'crash';
      readonly ms: number;
    }
  | { readonly kind: 'restart'; readonly replica: Replica; readonly ms: number }
  | { readonly kind: 'forget the past'; readonly ms: number }
  /** To a copy of so many seconds ago. */
  | { readonly kind: 'put etcd back'; readonly seconds: number }
  | { readonly kind: 'edit'; readonly edit: Edit }
  | { readonly kind: 'delete the Lease' }
  | { readonly kind: 'foreign record' }
  | NodeTrouble
  | { readonly kind: 'apply the Service' };

export interface Step<D = Disturbance> {
  /** Milliseconds since the start. */
  readonly at: number;
  readonly what: D;
}

export interface Schedule<D = Disturbance> {
  readonly steps: readonly Step<D>[];
  /** Milliseconds since the start: all faults end here. */
  readonly quietAt: number;
}

/** How often each kind is drawn, relative to the others. */
const WEIGHTS: Readonly<Record<Disturbance['kind'], number>> = {
  move: 9,
  'api weather': 6,
  'registrar weather': 3,
  freeze: 2,
  crash: 2,
  ambush: 4,
  restart: 1,
  'forget the past': 1,
  'put etcd back': 1,
  edit: 2,
  'delete the Lease': 1,
  'foreign record': 2,
  node: 4,
  'apply the Service': 2,
};

export function drawSchedule(random: SeededRandom): Schedule {
  return drawSteps(random, draw);
}

/** Of any simulation, by what `draw` gives for each step. All faults end after so many seconds. */
export function drawSteps<D>(
  random: SeededRandom,
  draw: (random: SeededRandom) => D,
  [soonest, latest]: readonly [number, number] = [140, 240],
): Schedule<D> {
  const quietAt = random.integer(soonest, latest) * 1_000;
  const steps: Step<D>[] = [];
  // Things come in bursts: what goes wrong together finds more than what goes wrong alone.
  for (let at = random.integer(0, 5_000); at < quietAt; at += gap(random)) {
    steps.push({ at, what: draw(random) });
  }
  return { steps, quietAt };
}

/** One that goes on until the primary was moved so often. */
export function drawLongSchedule(random: SeededRandom, moves: number): Schedule {
  const steps: Step[] = [];
  let at = 0;
  for (let left = moves; left > 0; at += gap(random)) {
    const what = draw(random);
    steps.push({ at, what });
    if (what.kind === 'move') left -= 1;
  }
  return { steps, quietAt: at };
}

function gap(random: SeededRandom): number {
  return random.chance(0.5) ? random.integer(0, 2_500) : random.integer(2_500, 25_000);
}

function draw(random: SeededRandom): Disturbance {
  const replica = random.pick([0, 1] as const);
  const target = random.pick([0, 1, 'both'] as const);
  switch (drawKind(random, WEIGHTS)) {
    case 'move':
      return { kind: 'move', move: random.pick(MOVES) };
    case 'api weather':
      return {
        kind: 'api weather',
        replica: target,
        weather: random.pick(keys(API_WEATHER)),
        ms: random.integer(1_000, 60_000),
      };
    case 'registrar weather':
      return {
        kind: 'registrar weather',
        replica: target,
        weather: random.pick(keys(REGISTRAR_WEATHER)),
        ms: random.integer(2_000, 60_000),
      };
    case 'freeze':
      return { kind: 'freeze', replica, ms: random.integer(500, 70_000) };
    case 'crash':
      return { kind: 'crash', replica, ms: random.integer(0, 30_000) };
    case 'ambush':
      return {
        kind: 'ambush',
        replica,
        at: random.pick(AMBUSHES),
        how: random.pick(['freeze', 'crash']),
        ms: random.integer(500, 40_000),
      };
    case 'restart':
      return { kind: 'restart', replica, ms: random.integer(0, 5_000) };
    case 'forget the past':
      return { kind: 'forget the past', ms: random.integer(0, 20_000) };
    case 'put etcd back':
      return { kind: 'put etcd back', seconds: random.integer(1, 60) };
    case 'edit':
      return { kind: 'edit', edit: random.pick(EDITS) };
    case 'delete the Lease':
      return { kind: 'delete the Lease' };
    case 'node':
      return {
        kind: 'node',
        nodes: random.pick(NODE_GROUPS),
        what: random.pick(NODE_TROUBLES),
        ms: random.integer(500, 90_000),
      };
    case 'foreign record':
      return { kind: 'foreign record' };
    case 'apply the Service':
      return { kind: 'apply the Service' };
  }
}

export function drawKind<K extends string>(random: SeededRandom, weights: Readonly<Record<K, number>>): K {
  const kinds = keys(weights);
  const draw = random.next() * kinds.reduce((sum, kind) => sum + weights[kind], 0);
  let sum = 0;
  const kind = kinds.find((candidate) => {
    sum += weights[candidate];
    return draw < sum;
  });
  return kind ?? random.pick(kinds);
}

export function keys<K extends string>(table: Readonly<Record<K, unknown>>): K[] {
  return Object.keys(table) as K[];
}
