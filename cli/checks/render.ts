import { counted } from '../text/counted.ts';
import { bold, dim, green, type Line, paragraph, red, type Styled, yellow } from '../text/line.ts';
import { shownOf } from '../text/shown.ts';
import type { Finding } from './check.ts';
import type { Checked, CheckView } from './run.ts';

/** Findings of one check; the others are counted. */
const MAX_SHOWN = 5;

const MARKS: Readonly<Record<Checked['outcome'], Styled>> = {
  ok: green('✓ '),
  warning: yellow('! '),
  problem: red('✗ '),
  unknown: yellow('? '),
  skipped: dim('– '),
};

export function renderChecks(view: CheckView, width: number): Line[] {
  return [...view.checks.flatMap((checked) => renderOne(checked, width)), [], conclusion(view)];
}

function renderOne({ title, outcome, note, findings }: Checked, width: number): Line[] {
  const added = note === '' ? [] : [dim(remark(outcome, note))];
  const head = paragraph(MARKS[outcome], [title, ...added], width);
  const shown = shownOf(findings, MAX_SHOWN, namespaceOf).flatMap((finding) => renderFinding(finding, width));
  const more = findings.length - MAX_SHOWN;
  return [...head, ...shown, ...(more > 0 ? [[dim(`    and ${more} more; -o json shows all`)]] : [])];
}

/** With the kind before it, as in `Pod shop/web`. */
function namespaceOf({ about }: Finding): string {
  return about.split('/', 1).join();
}

function remark(outcome: Checked['outcome'], note: string): string {
  if (outcome === 'unknown') return ` – unknown: ${note}`;
  return outcome === 'skipped' ? ` – skipped: ${note}` : ` (${note})`;
}

function renderFinding({ severity, about, text, action }: Finding, width: number): Line[] {
  const colour = severity === 'problem' ? red : yellow;
  return [
    ...paragraph('    ', [colour(about), `: ${text}`], width),
    ...paragraph('      ', [dim('→ '), action], width),
  ];
}

function conclusion({ problems, warnings, checks }: CheckView): Line {
  const unknown = checks.filter(({ outcome }) => outcome === 'unknown').length;
  const parts = [
    ...(problems > 0 ? [counted(problems, 'problem')] : []),
    ...(warnings > 0 ? [counted(warnings, 'warning')] : []),
    ...(unknown > 0 ? [`${counted(unknown, 'check')} not possible`] : []),
  ];
  return parts.length === 0 ? [green('No problems found.')] : [bold(`${parts.join(', ')}.`)];
}
