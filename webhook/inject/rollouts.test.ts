import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  daemonSetStalls,
  deploymentStalls,
  deploymentSteps,
  type Limit,
  type Rollout,
  statefulSetStalls,
} from './rollouts.ts';

const ROLLOUTS: readonly Rollout[] = ['first', 'later'];

/** Everything that can come of `begin`, each state once. */
function reached<State>(begin: State, next: (state: State) => readonly State[]): readonly State[] {
  const states = new Map<string, State>();
  const open = [begin];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const key = JSON.stringify(state);
    if (states.has(key)) continue;
    states.set(key, state);
    open.push(...next(state));
  }
  return [...states.values()];
}

/** Whether some order of events ends with an old pod that stays. */
function canStop<State>(
  begin: State,
  next: (state: State) => readonly State[],
  isOld: (state: State) => boolean,
) {
  return reached(begin, next).some((state) => isOld(state) && next(state).length === 0);
}

/**
 * Pods of a Deployment: old and new ones, each ready or standing by; `waiting` have no node yet. At the first rollout old
 * ones are ready where new ones stand by.
 */
interface Pods {
  readonly oldReady: number;
  readonly oldStanding: number;
  readonly newReady: number;
  readonly newStanding: number;
  readonly waiting: number;
}

interface Rules {
  readonly replicas: number;
  readonly standing: number;
  readonly missing: number;
  readonly more: number;
  /** As many nodes as pods, and none can take two. */
  readonly ports: boolean;
  readonly rollout: Rollout;
}

/** Each state that Kubernetes' rolling update can make of this one next; the new pods stand where the old ones did. */
function next(pods: Pods, { replicas, standing, missing, more, ports, rollout }: Rules): Pods[] {
  const { oldReady, oldStanding, newReady, newStanding, waiting } = pods;
  const made = newReady + newStanding + waiting;
  const total = oldReady + oldStanding + made;
  const states: Pods[] = [];
  // NewRSNewReplicas
  if (total < replicas + more && made < replicas) states.push({ ...pods, waiting: waiting + 1 });
  // The scheduler.
  if (waiting > 0) {
    const scheduled = { ...pods, waiting: waiting - 1 };
    const taken = ports ? { standing: oldStanding, ready: oldReady } : { standing: 0, ready: 0 };
    if (newStanding + taken.standing < standing) states.push({ ...scheduled, newStanding: newStanding + 1 });
    if (newReady + taken.ready < replicas - standing) states.push({ ...scheduled, newReady: newReady + 1 });
  }
  // reconcileOldReplicaSets: first cleanupUnhealthyReplicas, then scaleDownOldReplicaSetsForRollingUpdate.
  if (total - (replicas - missing) - newStanding - waiting > 0) {
    const isFirst = rollout === 'first';
    const available = oldReady + newReady + (isFirst ? oldStanding : 0);
    const mayGo = available > replicas - missing;
    if (oldStanding > 0 && (!isFirst || mayGo)) states.push({ ...pods, oldStanding: oldStanding - 1 });
    if (oldReady > 0 && mayGo && (isFirst || oldStanding === 0)) {
      states.push({ ...pods, oldReady: oldReady - 1 });
    }
  }
  return states;
}

function deploymentStops(rules: Rules): boolean {
  const { replicas, standing } = rules;
  const begin = {
    oldReady: replicas - standing,
    oldStanding: standing,
    newReady: 0,
    newStanding: 0,
    waiting: 0,
  };
  return canStop<Pods>(
    begin,
    (pods) => next(pods, rules),
    ({ oldReady, oldStanding }) => oldReady + oldStanding > 0,
  );
}

const HOST_PORT = { template: { spec: { containers: [{ ports: [{ hostPort: 80 }] }] } } };

const deployment = (replicas: number, maxUnavailable?: number | string, maxSurge?: number | string) => ({
  replicas,
  strategy: { rollingUpdate: { maxUnavailable, maxSurge } },
});

describe('an update of a Deployment', () => {
  test('stops just where Kubernetes can stop, for each number of pods, of standbys, and of what is allowed', () => {
    for (let replicas = 1; replicas <= 6; replicas += 1) {
      for (let standing = 0; standing <= replicas; standing += 1) {
        for (let missing = 0; missing <= replicas; missing += 1) {
          for (let more = 0; more <= replicas; more += 1) {
            const spec = deployment(replicas, missing, more);
            const steps = deploymentSteps(spec);
            for (const ports of [false, true]) {
              const rules = { replicas, standing, ...steps, ports };
              const stalls = deploymentStalls({ ...spec, ...(ports && HOST_PORT) }, standing);
              const later: Rules = { ...rules, rollout: 'later' };
              assert.equal(stalls, deploymentStops(later), JSON.stringify(later));
              const first: Rules = { ...rules, rollout: 'first' };
              assert.equal(stalls, deploymentStops(first), JSON.stringify(first));
            }
          }
        }
      }
    }
  });

  test('is allowed so many steps, as Kubernetes rounds', () => {
    const steps = (...parts: Parameters<typeof deployment>) => {
      const { missing, more } = deploymentSteps(deployment(...parts));
      return [missing, more];
    };
    assert.deepEqual(steps(1), [0, 1]);
    assert.deepEqual(steps(4), [1, 1]);
    assert.deepEqual(steps(5), [1, 2]);
    assert.deepEqual(steps(1, '75%'), [0, 1]);
    assert.deepEqual(steps(2, '75%'), [1, 1]);
    assert.deepEqual(steps(2, 0, 0), [1, 0]);
    assert.deepEqual(steps(2, 9, 0), [2, 0]);
  });

  test('does not stop when all are replaced at once, and what is no number is not judged', () => {
    assert.equal(deploymentStalls({ replicas: 3, strategy: { type: 'Recreate' } }, 3), false);
    assert.equal(deploymentStalls(deployment(4, 'many'), 2), false);
    assert.equal(deploymentStalls(deployment(0), 0), false);
  });
});

/** Which pods are old, by ordinal. */
type Old = readonly boolean[];

interface Set {
  readonly standing: readonly boolean[];
  readonly ordered: boolean;
  readonly partition: number;
  /** Undefined: the feature is off. */
  readonly allowed: number | undefined;
  /** As after Kubernetes 1.35: old ones that are unready go at once. */
  readonly later: boolean;
  readonly rollout: Rollout;
}

/** One sync of stateful_set_control.go, and what comes of it: undefined where it does nothing. */
function synced(
  old: Old,
  { standing: places, ordered, partition, allowed, later, rollout }: Set,
): Old | undefined {
  const standing = places.map((is, target) => is && !(rollout === 'first' && old[target]));
  const renewed = (...targets: readonly number[]) => old.map((is, target) => is && !targets.includes(target));
  const unready = standing.filter(Boolean).length;
  // processReplica
  if (ordered && unready > 0) return undefined;
  const falling = old.map((_, index) => old.length - 1 - index).filter((target) => target >= partition);
  const outdated = falling.filter((target) => old[target]);
  if (allowed === undefined) {
    const [first] = falling.filter((target) => old[target] || standing[target]);
    return first !== undefined && old[first] ? renewed(first) : undefined;
  }
  const away = later && !ordered ? outdated.filter((target) => standing[target]) : [];
  const others = outdated.filter((target) => !away.includes(target)).slice(0, Math.max(0, allowed - unready));
  return away.length + others.length > 0 ? renewed(...away, ...others) : undefined;
}

function setStops(pods: number, set: Set): boolean {
  return canStop<Old>(
    Array.from({ length: pods }, () => true),
    (old) => [synced(old, set) ?? []].filter(({ length }) => length > 0),
    (old) => old.some((is, target) => is && target >= set.partition),
  );
}

/** Whether it can stop, wherever so many of them stand by. */
function setCanStop(pods: number, count: number, set: Omit<Set, 'standing'>): boolean {
  return Array.from({ length: 2 ** pods }, (_, mask) =>
    Array.from({ length: pods }, (_, target) => (mask & (1 << target)) !== 0),
  )
    .filter((standing) => standing.filter(Boolean).length === count)
    .some((standing) => setStops(pods, { ...set, standing }));
}

describe('an update of a StatefulSet', () => {
  test('stops just where Kubernetes can stop, for each number of pods, of standbys, and of what is allowed', () => {
    for (let replicas = 1; replicas <= 4; replicas += 1) {
      for (let standing = 0; standing <= replicas; standing += 1) {
        for (let partition = 0; partition <= replicas; partition += 1) {
          for (const maxUnavailable of [undefined, 1, 2, 3, 4, '1%', '50%', '100%']) {
            for (const podManagementPolicy of [undefined, 'OrderedReady', 'Parallel']) {
              const updateStrategy = { rollingUpdate: { partition, maxUnavailable } };
              const spec = { replicas, podManagementPolicy, updateStrategy };
              const ordered = podManagementPolicy !== 'Parallel';
              const stops = (allowed: number | undefined, later = false, rollout: Rollout = 'later') =>
                setCanStop(replicas, standing, { ordered, partition, allowed, later, rollout });
              const share = Math.floor((Number.parseInt(String(maxUnavailable), 10) * replicas) / 100);
              const allowed = typeof maxUnavailable === 'string' ? Math.max(1, share) : (maxUnavailable ?? 1);
              const stalls = (limit: Limit) => statefulSetStalls(spec, standing, limit);
              const about = JSON.stringify({ ...spec, standing });
              assert.equal(stalls('is-ignored'), stops(undefined), about);
              assert.equal(stalls('counts'), stops(allowed), about);
              assert.equal(stalls('may-count'), stops(undefined) || stops(allowed), about);
              assert.ok(stalls('counts') || !stops(allowed, true), about);
              // What puts the sidecar in stops nowhere else: so far fewer are unready.
              assert.ok(stalls('is-ignored') || !stops(undefined, false, 'first'), about);
              assert.ok(stalls('counts') || !stops(allowed, false, 'first'), about);
              assert.ok(stalls('counts') || !stops(allowed, true, 'first'), about);
            }
          }
        }
      }
    }
  });

  test('is made by hand, and nobody has one of no pods', () => {
    const byHand = { replicas: 3, updateStrategy: { type: 'OnDelete' } };
    assert.equal(statefulSetStalls(byHand, 2, 'may-count'), false);
    assert.equal(statefulSetStalls({ replicas: 0 }, 0, 'may-count'), false);
    assert.equal(statefulSetStalls({}, 1, 'may-count'), true, 'replicas is 1 where it is not said');
  });
});

/**
 * Nodes of a DaemonSet by what is there: an old pod, a new one, or `both` where the old one is ready. At the first rollout
 * old pods are ready on the nodes that stand by, too.
 */
interface Nodes {
  readonly oldReady: number;
  readonly oldStanding: number;
  readonly both: number;
  readonly bothStanding: number;
  readonly newReady: number;
  readonly newStanding: number;
}

/** rollingUpdate in daemon/update.go, and podsShouldBeOnNode in daemon_controller.go. */
function nextNodes(
  nodes: Nodes,
  allowed: { missing: number; more: number; ports: boolean; rollout: Rollout },
): Nodes[] {
  const { oldReady, oldStanding, both, bothStanding, newReady, newStanding } = nodes;
  const states: Nodes[] = [];
  const isFirst = allowed.rollout === 'first';
  const replacedStanding = { ...nodes, oldStanding: oldStanding - 1, newStanding: newStanding + 1 };
  if (oldStanding > 0 && !isFirst) states.push(replacedStanding);
  if (allowed.more === 0) {
    const unavailable = newStanding + (isFirst ? 0 : oldStanding);
    if (unavailable >= allowed.missing) return states;
    if (oldReady > 0) states.push({ ...nodes, oldReady: oldReady - 1, newReady: newReady + 1 });
    if (oldStanding > 0 && isFirst) states.push(replacedStanding);
    return states;
  }
  if (both + bothStanding < allowed.more) {
    if (oldReady > 0) states.push({ ...nodes, oldReady: oldReady - 1, both: both + 1 });
    if (oldStanding > 0 && isFirst) {
      states.push({ ...nodes, oldStanding: oldStanding - 1, bothStanding: bothStanding + 1 });
    }
  }
  if (both > 0 && !allowed.ports) states.push({ ...nodes, both: both - 1, newReady: newReady + 1 });
  return states;
}

describe('an update of a DaemonSet', () => {
  type Allowed = Parameters<typeof nextNodes>[1];
  const agree = (nodes: number, standing: number, allowed: Allowed) => {
    const none = { both: 0, bothStanding: 0, newReady: 0, newStanding: 0 };
    const spec = {
      updateStrategy: rolling(allowed.missing, allowed.more),
      ...(allowed.ports && HOST_PORT),
    };
    assert.equal(
      daemonSetStalls(spec, nodes, standing, allowed.rollout),
      canStop<Nodes>(
        { ...none, oldReady: nodes - standing, oldStanding: standing },
        (state) => nextNodes(state, allowed),
        ({ oldReady, oldStanding, both, bothStanding }) => oldReady + oldStanding + both + bothStanding > 0,
      ),
      JSON.stringify({ nodes, standing, ...allowed }),
    );
  };

  test('stops just where Kubernetes can stop, for each number of nodes, of standbys, and of what is allowed', () => {
    for (let nodes = 1; nodes <= 6; nodes += 1) {
      for (let standing = 0; standing <= nodes; standing += 1) {
        for (let count = 1; count <= nodes; count += 1) {
          const steps = [
            { missing: count, more: 0 },
            { missing: 0, more: count },
          ];
          const ways = steps.flatMap((step) => [
            { ...step, ports: false },
            { ...step, ports: true },
          ]);
          for (const way of ways) {
            for (const rollout of ROLLOUTS) agree(nodes, standing, { ...way, rollout });
          }
        }
      }
    }
  });

  const rolling = (maxUnavailable?: number | string, maxSurge?: number | string) => ({
    rollingUpdate: { maxUnavailable, maxSurge },
  });
  const cases: [
    name: string,
    strategy: object,
    nodes: number,
    standing: number,
    stalls: boolean,
    rollout?: Rollout,
  ][] = [
    ['stops as Kubernetes has it', {}, 2, 1, true],
    ['stops where as many may be unready as stand by', rolling(2), 4, 2, true],
    ['goes on where one more may be', rolling(3), 4, 2, false],
    ['rounds a share up', rolling('51%'), 4, 2, false],
    ['goes on with a surge, which an unready old pod does not use up', rolling(0, 1), 4, 2, false],
    ['stops with a surge that a ready old pod uses up, the first time', rolling(0, 1), 4, 2, true, 'first'],
    ['stops the first time as later', rolling(2), 4, 2, true, 'first'],
    ['goes on the first time where one more may be unready', rolling(3), 4, 2, false, 'first'],
    ['stops before all are new where all stand by, the first time', rolling(1), 2, 2, true, 'first'],
    ['does not reach a site that has no pods', {}, 2, 2, false],
    ['does not stop where none stands by', {}, 2, 0, false],
    ['is made by hand', { type: 'OnDelete' }, 2, 1, false],
  ];
  for (const [name, updateStrategy, nodes, standing, stalls, rollout = 'later'] of cases) {
    test(name, () => assert.equal(daemonSetStalls({ updateStrategy }, nodes, standing, rollout), stalls));
  }
});
