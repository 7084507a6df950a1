import type { Step } from '../../cnpg/topology-switch.ts';
import type { Reached } from '../switchover/follow.ts';
import { renderConditions, renderUnreached } from '../switchover/render.ts';
import { bold, type Line, paragraph, yellow } from '../text/line.ts';
import type { SidesPlan } from './plan.ts';

const STEPS: Readonly<Record<Step['kind'], readonly string[]>> = {
  demote: ['demote', 'token', 'promote', 'follow'],
  'await-demotion': ['token', 'promote', 'follow'],
  promote: ['promote', 'follow'],
  'await-promotion': ['follow'],
  'take-back': ['take back', 'follow'],
  done: [],
  refused: [],
};

export function renderSidesPlan(plan: SidesPlan, width: number): Line[] {
  const { from, to, step } = plan;
  return [
    ...paragraph(
      '',
      [
        'Move the primary from ',
        bold(from.site),
        ` (${from.name}, context ${from.context}) to `,
        bold(to.site),
        ` (${to.name}, context ${to.context})`,
      ],
      width,
    ),
    ...(isBegun(step) ? [[yellow('It was begun before, and goes on from there.')]] : []),
    [],
    ...renderConditions(plan, width),
    ...STEPS[step].flatMap((name, index) => paragraph(`${index + 1}. `, [textOf(name, plan)], width)),
  ];
}

function isBegun(step: Step['kind']): boolean {
  return (
    step === 'await-demotion' || step === 'promote' || step === 'await-promotion' || step === 'take-back'
  );
}

function textOf(step: string, { from, to }: SidesPlan): string {
  switch (step) {
    case 'demote':
      return `In context ${from.context}, ${from.cluster}: spec.replica.primary and source become ${to.name}. ${from.site} stands by at once, and nobody takes writes.`;
    case 'token':
      return `${from.name} shuts down, and its operator gives a token in status.demotionToken.`;
    case 'promote':
      return `In context ${to.context}, ${to.cluster}: spec.replica.primary becomes ${to.name}, and promotionToken the token.`;
    case 'take back':
      return `In context ${to.context}, ${to.cluster}: spec.replica.primary becomes ${to.name} again. It was demoted last and nobody was promoted, so it lacks nothing.`;
    default:
      return `${to.name} is promoted when all has arrived that the token tells of; then status, DNS and pods of ${to.site} follow.`;
  }
}

/** What is missing when a move was not completed, and the commands that go on or back. */
export function renderStanding(
  step: Step['kind'] | undefined,
  milestones: readonly Reached[],
  { from, to }: SidesPlan,
  isInterrupted: boolean,
): Line[] {
  const again = switchoverCommand(to.site, from.context, to.context);
  return [
    [yellow(isInterrupted ? 'Interrupted.' : 'Not everything was reached in time.')],
    ...renderUnreached(milestones),
    [],
    ...standing(step, from.name, to.name).map((text) => [text]),
    [`To go on: ${again}`],
    ...(step === 'await-demotion' || step === 'promote'
      ? [[`To go back: ${switchoverCommand(from.site, to.context, from.context)}`]]
      : []),
  ];
}

function standing(step: Step['kind'] | undefined, from: string, to: string): string[] {
  switch (step) {
    case undefined:
      return [
        `How ${from} and ${to} stand could not be read at the end: run it again with --dry-run to see.`,
      ];
    case 'refused':
      return ['They stand as no switchover leaves them: run it again with --dry-run to see.'];
    case 'demote':
      return [`Nothing was changed: ${from} is still the primary.`];
    case 'await-demotion':
      return [
        `${from} is being demoted and ${to} is not promoted: nobody takes writes. The rest does not come by itself.`,
      ];
    case 'promote':
    case 'take-back':
      return [
        `${from} is demoted and ${to} is not promoted: nobody takes writes. The rest does not come by itself.`,
      ];
    case 'await-promotion':
      return [
        `${to} is being promoted: its operator goes on by itself, once all has arrived that the token tells of.`,
      ];
    case 'done':
      return [`${to} is the primary. What is missing follows by itself.`];
  }
}

function switchoverCommand(site: string, context: string, toContext: string): string {
  return `kubectl site-follower switchover --to ${site} --context ${context} --to-context ${toContext}`;
}
