import { PROGRAM } from '../../contract/names.ts';
import { explain } from '../../runtime/explain.ts';
import { CHECKS_BEFORE } from '../before/checks.ts';
import { type Planned, readPlanned } from '../before/planned.ts';
import { OWN_PODS } from '../checks/own-pods.ts';
import { CHECKS } from '../checks/registry.ts';
import { renderChecks } from '../checks/render.ts';
import { type CheckView, isUnanswered, runChecks } from '../checks/run.ts';
import { World } from '../checks/world.ts';
import { findFollowers } from '../cluster/followers.ts';
import type { ClusterOptions, OutputOptions } from '../cluster/options.ts';
import { type Session, withSession } from '../cluster/session.ts';
import { controllersIn } from '../cluster/unpublished.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import { Output } from '../text/output.ts';
import { reported } from './reported.ts';

export type CheckOptions = ClusterOptions &
  OutputOptions & { readonly pre?: boolean; readonly filename?: readonly string[] };

export const check = reported(async (terminal: Terminal, options: CheckOptions): Promise<Outcome> => {
  if (options.filename !== undefined && options.pre !== true)
    throw new CommandError('usage', '--filename is for --pre: what is installed is looked at in the cluster');
  const files = options.filename ?? [];
  const planned = files.length === 0 ? undefined : await plannedIn(files, terminal);
  return withSession(terminal, options, async (session): Promise<Outcome> => {
    const view =
      options.pre === true
        ? await checkBefore(session, options.namespace, planned, terminal)
        : await checkInstalled(session, options.namespace, terminal);
    await new Output(terminal, options.output).show(view, (width) => renderChecks(view, width));
    if (view.problems > 0) return 'refused';
    return view.unanswered > 0 ? 'unreachable' : 'done';
  });
});

async function checkInstalled(
  session: Session,
  namespace: string | undefined,
  terminal: Terminal,
): Promise<CheckView> {
  const { clock, abort } = terminal;
  try {
    const followers = await findFollowers(session, namespace);
    return await runChecks(CHECKS, new World({ api: session.api, clock, abort, followers }));
  } catch (error) {
    const isUnpublished = error instanceof CommandError;
    const view = isUnpublished ? await checkUnpublished(session, namespace, terminal) : undefined;
    if (view === undefined || view.problems === 0) throw error;
    return view;
  }
}

/** Nothing was published yet: where the chart is installed, its own pods may be the reason. */
async function checkUnpublished(
  { api }: Session,
  asked: string | undefined,
  { clock, abort }: Terminal,
): Promise<CheckView | undefined> {
  const [first] = (await controllersIn(api, asked)) ?? [];
  const namespace = first?.metadata.namespace;
  if (namespace === undefined) return undefined;
  return runChecks([OWN_PODS], new World({ api, clock, abort, followers: [], namespace }));
}

async function checkBefore(
  { api }: Session,
  asked: string | undefined,
  planned: Planned | undefined,
  { clock, abort, env }: Terminal,
): Promise<CheckView> {
  // Each check would tell the same.
  await api.read('/version').catch((error: unknown) => {
    if (isUnanswered(error)) throw error;
  });
  const namespace = asked ?? planned?.namespace ?? PROGRAM;
  const world = new World({ api, clock, abort, followers: [], namespace });
  const given = { planned, env, read: (...call: Parameters<typeof api.read>) => api.read(...call) };
  return runChecks(CHECKS_BEFORE, Object.assign(world, given));
}

async function plannedIn(files: readonly string[], terminal: Terminal): Promise<Planned> {
  try {
    return await readPlanned(await Promise.all(files.map((file) => terminal.read(file))));
  } catch (error) {
    throw new CommandError('usage', `${files.join(', ')}: ${explain(error)}`, error);
  }
}
