import { PROGRAM } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { isForbidden } from '../../kubernetes/errors.ts';
import { Reflector, type ReflectorOptions } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS, type ConfigMap, LEASES, type Lease } from '../../kubernetes/resources.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import { ASKING_PODS } from '../../webhook/inject/label.ts';
import { findFollowers, PUBLISHED, published, type Search } from '../cluster/followers.ts';
import { type Listed, whole } from '../cluster/kept.ts';
import type { Format } from '../cluster/options.ts';
import { POD_DETAILS, type PodDetails } from '../cluster/pod-details.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import { Screen } from '../screen.ts';
import { columnsOf, type Terminal } from '../terminal.ts';
import { dim, type Line, paragraph, print, red } from '../text/line.ts';
import { serialize } from '../text/output.ts';
import { clockTime, duration } from '../text/time.ts';
import { chosen, statusOf, type Wanted } from './gather.ts';
import { renderStatus } from './render.ts';
import type { StatusView } from './view.ts';

/** Changes within this time are drawn together. */
const GATHER_MS = 50;
/** For the ages. */
const REDRAW_MS = 1_000;
/** The server sends a bookmark every minute: after this without one, what is shown may be outdated. */
const STALE_MS = 90_000;

/** Until Ctrl-C: redraws a terminal with each change, and elsewhere prints one status after the other. */
export async function watchStatus(
  session: Search,
  { namespace, follower }: Wanted,
  format: Format,
  terminal: Terminal,
): Promise<Outcome> {
  const { clock, abort } = terminal;
  const [first] = chosen(await findFollowers(session, namespace), follower);
  const wakeup = new Wakeup(clock, 0);
  const watched = new WatchedStatus(session, { namespace: first?.namespace ?? '', follower }, clock, wakeup);
  await using screen = new Screen(terminal, format === 'text');
  await using _running = untilScopeEnds(watched.reflectors, abort);
  let last = '';
  while (!abort.aborted) {
    if (watched.isKnown) {
      const view = watched.view();
      const text = format === 'text' ? drawn(view, watched, terminal) : await serialize(view, format);
      const content = contentOf(view);
      if (screen.live) screen.show(text);
      else if (content !== last) terminal.out(format === 'yaml' && last !== '' ? `---\n${text}` : text);
      last = content;
    }
    await wakeup.wait(REDRAW_MS, abort);
    await sleep(clock, GATHER_MS, abort);
  }
  if (last === '') throw new CommandError('unreachable', watched.error ?? 'The cluster gave no answer.');
  return 'interrupted';
}

/** What the API server says of followers, pods and the Lease. */
class WatchedStatus {
  readonly #clock: Clock;
  readonly #follower: string | undefined;
  readonly #maps: Reflector<ConfigMap, ConfigMap>;
  readonly #pods: Reflector<PodDetails, PodDetails>;
  readonly #leases: Reflector<Lease, Lease>;
  /** The last error, and its time by the monotonic clock. */
  #failure: { readonly text: string; readonly at: number } | undefined;

  constructor(
    { api }: Search,
    { namespace, follower }: { readonly namespace: string; readonly follower: string | undefined },
    clock: Clock,
    wakeup: Wakeup,
  ) {
    const reflect = <T extends KubeObject>(
      resource: Listed<T>,
      options: Pick<ReflectorOptions<T, T>, 'namespace' | 'labelSelector' | 'fieldSelector'>,
    ) =>
      new Reflector<T, T>({
        ...options,
        resource,
        api,
        clock,
        random: Math.random,
        transform: resource.keep,
        onChange: wakeup.notify,
        onProblem: (kind, error) => {
          // What the user may not read is left out.
          if (isForbidden(error) || (kind !== 'list' && kind !== 'watch')) return;
          this.#failure = { text: explain(error), at: clock.elapsed() };
          wakeup.notify();
        },
      });
    this.#clock = clock;
    this.#follower = follower;
    this.#maps = reflect(whole(CONFIG_MAPS), { namespace, labelSelector: PUBLISHED });
    this.#pods = reflect(POD_DETAILS, { labelSelector: ASKING_PODS });
    this.#leases = reflect(whole(LEASES), { namespace, fieldSelector: `metadata.name=${PROGRAM}` });
  }

  get reflectors() {
    return [this.#maps, this.#pods, this.#leases];
  }

  /** The followers were listed once. */
  get isKnown(): boolean {
    return Number.isFinite(this.#maps.lastContact());
  }

  get error(): string | undefined {
    return this.#failure?.text;
  }

  /** Milliseconds without a word of the server, and its last error unless it has answered since. */
  get silence(): { readonly ms: number; readonly error: string | undefined } {
    const ms = Math.min(...this.reflectors.map((reflector) => reflector.lastContact()));
    const isCurrent = this.#failure !== undefined && this.#clock.elapsed() - this.#failure.at <= ms;
    return { ms, error: isCurrent ? this.error : undefined };
  }

  view(): StatusView {
    const all = published([...this.#maps.list()]);
    const followers = all.filter((one) => this.#follower === undefined || one.follower === this.#follower);
    const [lease] = this.#leases.list();
    const pods = Number.isFinite(this.#pods.lastContact()) ? [...this.#pods.list()] : undefined;
    return statusOf(followers, pods, lease, this.#clock.now());
  }
}

function drawn(view: StatusView, { silence }: WatchedStatus, terminal: Terminal): string {
  const now = terminal.clock.now();
  const width = columnsOf(terminal);
  return print([...renderStatus(view, now, width), [], ...foot(silence, now, width)], terminal.colour);
}

function foot({ ms, error }: WatchedStatus['silence'], now: number, width: number): Line[] {
  if (error === undefined && ms < STALE_MS) {
    return [[dim(`${clockTime(new Date(now).toISOString())}  live, Ctrl-C to end`)]];
  }
  const text = `: ${error ?? 'the server is silent'}. Retrying.`;
  return paragraph('', [red(`Nothing new for ${duration(ms)}`), text], width);
}

/** Runs them until the block is left. */
function untilScopeEnds(
  reflectors: readonly { run(abort: AbortSignal): Promise<void> }[],
  abort: AbortSignal,
): AsyncDisposable {
  const stop = new AbortController();
  const ends = AbortSignal.any([abort, stop.signal]);
  const running = Promise.all(reflectors.map((reflector) => reflector.run(ends)));
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

/** A change of this is printed where nothing is redrawn; a renewal of the Lease is none. */
function contentOf({ followers }: StatusView): string {
  return JSON.stringify(
    followers.map(({ leader, ...rest }) => ({ ...rest, alive: leader?.alive, holder: leader?.holder })),
  );
}
