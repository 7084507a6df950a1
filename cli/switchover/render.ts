import { bold, dim, green, type Line, type Piece, paragraph, red, yellow } from '../text/line.ts';
import { duration } from '../text/time.ts';
import { type Reached, unreached } from './follow.ts';
import { type Condition, type Plan, unmet } from './plan.ts';

export function renderPlan(plan: Plan, width: number): Line[] {
  const { cluster, from, target, node, site } = plan;
  const to: Piece[] =
    target === null ? [` to site ${site}`] : [' to ', bold(target), ` on ${node}, site `, bold(site)];
  return [
    ...paragraph('', [`Move the primary of ${cluster} from `, bold(from || 'none'), ...to], width),
    [],
    ...renderConditions(plan, width),
  ];
}

/** Ends with an empty line. */
export function renderConditions(
  {
    preconditions,
    warnings,
  }: { readonly preconditions: readonly Condition[]; readonly warnings: readonly string[] },
  width: number,
): Line[] {
  return [
    ...preconditions.flatMap(({ name, obstacle }) =>
      paragraph(
        obstacle === null ? green('✓ ') : red('✗ '),
        obstacle === null ? [name] : [`${name}: `, red(obstacle)],
        width,
      ),
    ),
    ...warnings.flatMap((warning) => paragraph(yellow('! '), [yellow(warning)], width)),
    [],
  ];
}

export function renderConclusion(plan: Pick<Plan, 'preconditions'>): Line {
  const { length } = unmet(plan.preconditions);
  return length === 0
    ? [green('All preconditions hold.')]
    : [red(`Not done: ${length} of ${plan.preconditions.length} preconditions do not hold.`)];
}

export function renderReached({ text, ms = 0 }: Reached): Line {
  return [green('✓ '), dim(`+${duration(ms)}`.padStart(8)), `  ${text}`];
}

/** What is waited for next. */
export function renderWaiting(milestones: readonly Reached[], ms: number): Line {
  const [next] = unreached(milestones);
  return [dim(`… ${`+${duration(Math.floor(ms / 1_000) * 1_000)}`.padStart(8)}  `), next?.missing ?? ''];
}

export function renderUnreached(milestones: readonly Reached[]): Line[] {
  return unreached(milestones).map(({ text, missing }) => [`… ${text}: ${missing}`]);
}
