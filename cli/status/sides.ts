import { ownSite } from '../../contract/status.ts';
import { type Session, withSession } from '../cluster/session.ts';
import { CommandError } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { bold, dim, green, type Line, type Piece, paragraph, red, yellow } from '../text/line.ts';
import { type Column, table } from '../text/table.ts';
import { readStatus, type Wanted } from './gather.ts';
import { renderStatus } from './render.ts';
import type { FollowerView, StatusView } from './view.ts';

/** What `status` shows of several contexts. */
export interface SidesStatus {
  readonly contexts: readonly ContextStatus[];
  /** Followers of which two or more sides consider their own site the active one. */
  readonly activeTwice: readonly string[];
}

interface ContextStatus extends StatusView {
  readonly context: string;
  /** Why it gave no answer; null when it did. */
  readonly error: string | null;
}

/** A context that gives no answer does not keep the others from being shown. */
export async function readSides(
  terminal: Terminal,
  { kubeconfig, contexts }: { readonly kubeconfig: string | undefined; readonly contexts: readonly string[] },
  wanted: Wanted,
): Promise<SidesStatus> {
  const { clock, abort } = terminal;
  const read = (session: Session) => readStatus(session, wanted, () => clock.now());
  const found = await Promise.all(
    contexts.map(async (context): Promise<ContextStatus> => {
      try {
        const { followers } = await withSession(terminal, { kubeconfig, context }, read);
        return { context, error: null, followers };
      } catch (error) {
        if (!(error instanceof CommandError) || abort.aborted) throw error;
        return { context, error: error.message, followers: [] };
      }
    }),
  );
  return { contexts: found, activeTwice: activeTwiceIn(found) };
}

export function activeTwiceIn(contexts: readonly ContextStatus[]): string[] {
  const active = contexts.flatMap(({ followers }) => followers.filter(isActiveHere));
  const byName = Map.groupBy(active, ({ name }) => name);
  return [...byName].filter(([, views]) => views.length > 1).map(([name]) => name);
}

function isActiveHere(view: FollowerView): boolean {
  return view.status !== null && view.status.activeSite !== '' && view.status.activeSite === siteOf(view);
}

function siteOf({ sites }: FollowerView): string {
  return ownSite(Object.fromEntries(sites.map(({ name, nodes }) => [name, nodes])));
}

export function renderSides({ contexts, activeTwice }: SidesStatus, now: number, width: number): Line[] {
  const columns: Column[] = [
    { title: 'CONTEXT', shrink: { to: 12, by: 'wrap' } },
    { title: 'FOLLOWER' },
    { title: 'ITS SITE' },
    { title: 'STATE' },
    { title: 'SAYS ACTIVE' },
    { title: 'PHASE' },
  ];
  const rows = contexts.flatMap(({ context, error, followers }): Line[][] =>
    error === null
      ? followers.map((view) => rowOf(context, view))
      : [[[context], [dim('?')], [dim('?')], [red('no answer')], [dim('?')], [dim('?')]]],
  );
  const several = activeTwice.flatMap((name) =>
    paragraph(
      red('✗ '),
      [
        red(`Follower ${name} is active on two sides at once`),
        ': both Clusters take themselves for the primary. Let spec.replica.primary of the one that was promoted earlier name the other one.',
      ],
      width,
    ),
  );
  const errors = contexts.flatMap(({ context, error }) =>
    error === null ? [] : paragraph(red('✗ '), [`${context}: ${error}`], width),
  );
  const details = contexts.flatMap(({ context, error, followers }): Line[] =>
    error === null ? [[], [bold(`Context ${context}`)], ...renderStatus({ followers }, now, width)] : [],
  );
  return [...table(columns, rows, width), ...several, ...errors, ...details];
}

function rowOf(context: string, view: FollowerView): Line[] {
  const { activeSite = '', phase = '?' } = view.status ?? {};
  const state: Piece = isActiveHere(view) ? green('active') : dim('standby');
  return [
    [context],
    [view.name],
    [siteOf(view) || dim('?')],
    [state],
    [activeSite === '' ? dim('–') : activeSite],
    [phase === 'Settled' ? phase : yellow(phase)],
  ];
}
