import { bold, green, type Line, paragraph, red, type Styled, yellow } from '../text/line.ts';
import { others } from '../text/shown.ts';
import type { ExplainView } from './view.ts';

/** Possible mistakes; the others are counted. */
const MAX_HINTS = 5;

export function renderExplanation(
  { namespace, pod, injection, readiness, hints }: ExplainView,
  width: number,
): Line[] {
  const { site, activeSite, gate } = readiness;
  return [
    [bold(`Pod ${namespace}/${pod}`)],
    ...paragraph(
      mark(injection.asAsked),
      [`It has ${injection.injected ? 'the' : 'no'} sidecar: ${injection.why}.`],
      width,
    ),
    ...paragraph(
      mark(readiness.asExpected),
      [`It is ${readiness.ready ? '' : 'not '}ready: ${readiness.why}.`],
      width,
    ),
    ...paragraph(
      '  ',
      [
        `Site ${site || 'none'}, active ${activeSite || 'none'}, gate ${gate ?? 'none, as it has no sidecar'}, follower ${readiness.follower}`,
      ],
      width,
    ),
    ...hints.slice(0, MAX_HINTS).flatMap((hint) => paragraph(yellow('! '), [hint], width)),
    ...others(hints.length - MAX_HINTS),
  ];
}

function mark(isGood: boolean): Styled {
  return isGood ? green('✓ ') : red('✗ ');
}
