import type { KubeApi, KubeObject, ObjectKey, Resource } from '../../kubernetes/api.ts';
import type { Leadership } from '../../kubernetes/leadership.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import type { Change } from '../simulation/api-objects.ts';
import { ApiServer } from '../simulation/api-server.ts';
import { type Call, Connection, type Verb } from '../simulation/connection.ts';
import { CALM, type Fate } from '../simulation/faults.ts';
import { SeededRandom } from './random.ts';
import { type ProcessClock, VirtualClock } from './virtual-clock.ts';

/** What becomes of a call: a fate of the simulation, an error that the server answers with, or undefined: nothing odd. */
type Verdict = Fate | Error | undefined;

export const OPS = 'ops';

/** An API server in memory under virtual time, and one client whose calls end as the test says. */
export class FakeCluster {
  readonly clock = new VirtualClock();
  /** The clock of the client: its `pending` counts the timers that were left. */
  readonly process: ProcessClock = this.clock.process();
  readonly random = new SeededRandom('a test');
  readonly server: ApiServer;
  readonly api: KubeApi;
  /** All calls of the client, as `replace configmaps ops/status`. */
  readonly calls: string[] = [];
  /** All accepted writes, of the client and of the test. */
  readonly changes: Change[] = [];
  readonly watchProblems: string[] = [];
  judge: (call: Call) => Verdict = () => undefined;
  /** True: no event of a watch comes any more. */
  deaf = false;

  constructor(namespaces: readonly string[] = [OPS]) {
    this.server = new ApiServer({
      now: () => this.clock.now(),
      onChange: (change) => this.changes.push(change),
      onUnknown: (use) => this.watchProblems.push(use),
    });
    let answer: Error | undefined;
    const connection = new Connection({
      actor: 'client',
      clock: this.clock,
      process: this.process,
      server: this.server,
      random: this.random,
      hooks: {
        onCall: (call) => {
          this.calls.push(textOf(call));
          const verdict = this.judge(call);
          answer = verdict instanceof Error ? verdict : undefined;
          if (answer !== undefined) this.#answers.set(call, answer);
          const rates = typeof verdict === 'string' ? { [verdict]: 1 } : {};
          connection.faults = { ...CALM, rates, watch: { ...CALM.watch, lost: this.deaf ? 1 : 0 } };
        },
        onSuccess: () => undefined,
        onTrouble: () => undefined,
        during: (call, operate) => {
          const error = this.#answers.get(call);
          if (error !== undefined) throw error;
          return operate();
        },
      },
    });
    this.api = connection;
    for (const name of namespaces) this.create(NAMESPACES, { metadata: { name } });
  }

  readonly #answers = new WeakMap<Call, Error>();

  /** What every watch of the controller is made with. */
  get watchPorts() {
    return {
      api: this.api,
      clock: this.process,
      random: this.random.next,
      onWatchProblem: (resource: string, problem: string) => {
        this.watchProblems.push(`${resource}: ${problem}`);
      },
    };
  }

  /** Creates it with its status, as another client. */
  create<T extends KubeObject>(resource: Resource<T>, object: T): T {
    const created = this.server.create('test', resource, object);
    const { status } = object as T & { status?: unknown };
    if (status === undefined || 'status' in created) return created;
    const options = { type: 'merge', subresource: 'status' } as const;
    return this.server.patch('test', resource, object.metadata, { status }, options);
  }

  /** Merges it into what is there, status included, as another client. */
  change<T extends KubeObject>(
    resource: Resource<T>,
    object: { readonly metadata: ObjectKey & Record<string, unknown>; readonly [field: string]: unknown },
  ): T {
    const { status, ...main } = object;
    const changed = this.server.patch('test', resource, object.metadata, main, { type: 'merge' });
    if (status === undefined) return changed;
    const options = { type: 'merge', subresource: 'status' } as const;
    return this.server.patch('test', resource, object.metadata, { status }, options);
  }

  /** How many of the client's calls are like this one; the name may be left out. */
  count(call: string): number {
    return this.calls.filter((other) => other === call || other.startsWith(`${call} `)).length;
  }
}

/** Gives the verdicts to the matching calls, one after the other; everything else is delivered. */
export function script(verb: Verb, plural: string, verdicts: readonly Verdict[]): (call: Call) => Verdict {
  const rest = [...verdicts];
  return (call) => (call.verb === verb && call.resource.plural === plural ? rest.shift() : undefined);
}

/** A leadership that ends when the test says so. */
export class TestLeadership implements Leadership {
  readonly #over = new AbortController();
  #term: number;
  #isGivenUp = false;
  /** False: the Lease is somebody else's, and `confirm` finds it out. */
  confirmable = true;
  /** False: the Lease has run out, and nobody was told yet. */
  held = true;
  /** How often the Lease was asked. */
  confirmed = 0;

  constructor(term = 1) {
    this.#term = term;
  }

  get term(): number {
    return this.#term;
  }

  get abort(): AbortSignal {
    return this.#over.signal;
  }

  isLeader(): boolean {
    return this.held && (!this.abort.aborted || this.#isGivenUp);
  }

  /** The work is to end, and the Lease is held until it has. */
  giveUp(): void {
    this.#isGivenUp = true;
    this.end();
  }

  confirm(floor = 0): Promise<number | undefined> {
    this.confirmed += 1;
    if (!this.confirmable) {
      this.end();
      return Promise.resolve(undefined);
    }
    this.#term = Math.max(this.#term, floor + 1);
    return Promise.resolve(this.#term);
  }

  end(reason = new Error('the test ends the leadership')): void {
    this.#over.abort(reason);
  }
}

function textOf({ verb, resource, key: { namespace, name } }: Call): string {
  return `${verb} ${resource.plural} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}
