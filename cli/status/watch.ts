import { PROGRAM } from '../../contract/names.ts';
import type { KubeObject } from '../../kubernetes/api.ts';
import { isForbidden } from '../../kubernetes/errors.ts';
import { Reflector, type ReflectorOptions } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS, LEASES } from '../../kubernetes/resources.ts';
import { explain } from '../../runtime/explain.ts';
import { ASKING_PODS } from '../../webhook/inject/label.ts';
import { findFollowers, PUBLISHED, published } from '../cluster/followers.ts';
import { type Listed, whole } from '../cluster/kept.ts';
import type { Format } from '../cluster/options.ts';
import { POD_DETAILS } from '../cluster/pod-details.ts';
import type { Session } from '../cluster/session.ts';
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
  session: Session,
  { namespace: wanted, follower }: Wanted,
  format: Format,
  terminal: Terminal,
): Promise<Outcome> {
  const { clock, abort } = terminal;
  const [first] = chosen(await findFollowers(session, wanted, abort), follower);
  const namespace = first?.namespace ?? '';
  /** The last error, and its time by the monotonic clock. */
  let trouble: { readonly text: string; readonly at: number } | undefined;
  let changed: () => void = () => undefined;
  const reflect = <T extends KubeObject>(
    resource: Listed<T>,
    options: Pick<ReflectorOptions<T, T>, 'namespace' | 'labelSelector' | 'fieldSelector'>,
  ) =>
    new Reflector<T, T>({
      ...options,
      resource,
      api: session.api,
      clock,
      random: Math.random,
      transform: resource.keep,
      onChange: () => changed(),
      onProblem(kind, error) {
        // What the user may not read is left out.
        if (isForbidden(error) || (kind !== 'list' && kind !== 'watch')) return;
        trouble = { text: explain(error), at: clock.elapsed() };
        changed();
      },
    });
  const maps = reflect(whole(CONFIG_MAPS), { namespace, labelSelector: PUBLISHED });
  const pods = reflect(POD_DETAILS, { labelSelector: ASKING_PODS });
  const leases = reflect(whole(LEASES), { namespace, fieldSelector: `metadata.name=${PROGRAM}` });

  const reflectors = [maps, pods, leases];

  const view = (): StatusView => {
    const all = published([...maps.list()]);
    const followers = all.filter((one) => follower === undefined || one.follower === follower);
    const [lease] = leases.list();
    const known = Number.isFinite(pods.lastContact()) ? [...pods.list()] : undefined;
    return statusOf(followers, known, lease, clock.now());
  };
  const foot = (): Line[] => {
    const silent = Math.min(...reflectors.map((reflector) => reflector.lastContact()));
    const isTold = trouble !== undefined && clock.elapsed() - trouble.at <= silent;
    const now = clockTime(new Date(clock.now()).toISOString());
    if (!isTold && silent < STALE_MS) return [[dim(`${now}  live, Ctrl-C to end`)]];
    const why = isTold ? trouble?.text : undefined;
    const text = `: ${why ?? 'the server is silent'}. Retrying.`;
    return paragraph('', [red(`Nothing new for ${duration(silent)}`), text], columnsOf(terminal));
  };

  await using screen = new Screen(terminal, format === 'text');
  await using _running = untilScopeEnds(reflectors, abort);
  abort.addEventListener('abort', () => changed(), { once: true });
  let last = '';
  while (!abort.aborted) {
    const next = Promise.withResolvers<void>();
    changed = next.resolve;
    if (Number.isFinite(maps.lastContact())) {
      const now = view();
      const text =
        format === 'text'
          ? print([...renderStatus(now, clock.now(), columnsOf(terminal)), [], ...foot()], terminal.colour)
          : await serialize(now, format);
      const content = contentOf(now);
      if (screen.live) screen.show(text);
      else if (content !== last) terminal.out(format === 'yaml' && last !== '' ? `---\n${text}` : text);
      last = content;
    }
    const stop = clock.after(REDRAW_MS, next.resolve);
    await next.promise;
    stop();
    await new Promise<void>((resolve) => clock.after(GATHER_MS, resolve));
  }
  if (last === '') throw new CommandError('unreachable', trouble?.text ?? 'The cluster gave no answer.');
  return 'interrupted';
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
