import { aborted, withDeadline } from '../../../runtime/clock.ts';
import { explain } from '../../../runtime/explain.ts';
import { NotificationLimiter } from '../../../runtime/notification-limiter.ts';
import { locateNamedPod, type NamedPod } from '../named-pod.ts';
import { isUnknown, type Observation, type Trigger, type Unknown } from '../trigger.ts';
import type { TriggerPorts } from '../trigger-kind.ts';
import { type AccessSettings, type MemberAccess, readAccess } from './access.ts';
import type { ConnectMember, Member } from './driver.ts';
import { type Answer, type Election, electedOf } from './election.ts';

export interface ReplicaSetOptions extends AccessSettings {
  readonly ports: Pick<TriggerPorts, 'api' | 'clock'>;
  /** Of the pods, and of the Secrets. */
  readonly namespace: string;
  readonly replicaSet: string;
  /** `host:port` of each. */
  readonly members: readonly string[];
  readonly connect: ConnectMember;
}

/** The driver has limits of its own; this one is for a driver that forgets them. */
const MEMBER_MS = 5_000;
const CLOSE_MS = 2_000;
/** Of one member: who answers in its place may say all the time that it has another role, and the others come first then. */
const CHANGE_RATE = { burst: 10, perSecond: 1 };

/** Asks each member of a replica set whether it is primary. */
export class ReplicaSetTrigger implements Trigger {
  readonly #options: ReplicaSetOptions;
  readonly #open = new Map<string, Promise<Member>>();
  /** By member; they outlive its connections. */
  readonly #changes: ReadonlyMap<string, NotificationLimiter>;
  #access: MemberAccess | undefined;
  #newest: Election | undefined;
  #enqueue: () => void = () => undefined;
  #ended = false;

  constructor(options: ReplicaSetOptions) {
    this.#options = options;
    const limiterOf = () => new NotificationLimiter(options.ports.clock, CHANGE_RATE, () => this.#enqueue());
    this.#changes = new Map(options.members.map((member) => [member, limiterOf()]));
  }

  /** The first observation connects the members, which report their changes from then on. */
  async watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    this.#enqueue = enqueue;
    await aborted(abort);
    this.#ended = true;
    await this.#closeAll();
    for (const limiter of this.#changes.values()) limiter.stop();
  }

  async observe(abort: AbortSignal): Promise<Observation> {
    const { ports, replicaSet } = this.#options;
    return await locateNamedPod(ports, `replica set ${replicaSet}`, (inner) => this.#primary(inner), abort);
  }

  async #primary(abort: AbortSignal): Promise<NamedPod | Unknown> {
    const { ports, namespace, replicaSet, members } = this.#options;
    const access = await readAccess(ports.api, this.#options, abort);
    if (isUnknown(access)) return access;
    if (this.#access?.version !== access.version) await this.#closeAll();
    this.#access = access;
    const answers = await Promise.all(members.map((member) => this.#ask(member, access, abort)));
    const elected = electedOf(answers, replicaSet, this.#newest);
    if (isUnknown(elected)) return elected;
    const { pod, election } = elected;
    // One that most members name is primary, though its election may look older: the set was made again.
    if (election !== undefined) this.#newest = election;
    return { namespace, pod };
  }

  async #ask(member: string, access: MemberAccess, abort: AbortSignal): Promise<Answer> {
    const { connect, ports } = this.#options;
    if (this.#ended) throw new Error('the trigger has ended');
    const opened =
      this.#open.get(member) ?? connect(member, access, () => this.#changes.get(member)?.notify());
    this.#open.set(member, opened);
    try {
      const hello = await withDeadline(ports.clock, MEMBER_MS, abort, 'it', async () =>
        (await opened).hello(),
      );
      return { member, hello };
    } catch (error) {
      abort.throwIfAborted();
      return { member, problem: explain(error) };
    }
  }

  async #closeAll(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    const closing = Promise.allSettled(open.map(async (member) => (await member).close()));
    const { clock } = this.#options.ports;
    // What does not close in time is left to the end of the process; nothing is asked of it any more.
    await withDeadline(clock, CLOSE_MS, undefined, 'closing', () => closing).catch(() => undefined);
  }
}
