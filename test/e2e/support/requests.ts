/** Judges what clients got from a Service, against where it should have routed at that time. */

/** Milliseconds since 1970. */
export interface Request {
  readonly sentAt: number;
  readonly endedAt: number;
  /** The site of the pod that answered; undefined when none did. */
  readonly site?: string;
  /** What went wrong; only without an answer. */
  readonly error?: string;
}

/** The active site from then on. */
export interface Turn {
  readonly at: number;
  readonly site: string;
}

/** A time in which these other sites may answer as well. */
export interface Window {
  readonly from: number;
  readonly to: number;
  readonly sites: readonly string[];
  readonly why: string;
}

export interface Judgement {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** By the error. */
  readonly failures: Readonly<Record<string, number>>;
  /** Answered by a standby site, inside a window. */
  readonly late: number;
  /** Answered by a standby site at any other time. None is right. */
  readonly misrouted: readonly Request[];
  /** The longest time between two answers, milliseconds. */
  readonly longestGap: number;
}

/**
 * A request is misrouted when the site that answered was at no moment of the request the active one, and no window
 * that allows it overlaps the request.
 */
export function judge(
  requests: readonly Request[],
  turns: readonly Turn[],
  windows: readonly Window[],
): Judgement {
  const answers = requests.filter(({ site }) => site !== undefined);
  const failures: Record<string, number> = {};
  for (const { error } of requests) {
    if (error !== undefined) failures[error] = (failures[error] ?? 0) + 1;
  }
  const byStandby = answers.filter((request) => !activeSites(request, turns).includes(request.site ?? ''));
  const misrouted = byStandby.filter((request) => !windows.some((window) => allows(window, request)));
  return {
    sent: requests.length,
    answered: answers.length,
    failed: requests.length - answers.length,
    failures,
    late: byStandby.length - misrouted.length,
    misrouted,
    longestGap: longestGap(answers),
  };
}

/** Answers of a site in a time in which it was no endpoint any more. */
export function answeredAfter(
  requests: readonly Request[],
  shut: readonly Window[],
): { readonly count: number; readonly longestMs: number } {
  const delays = requests.flatMap(({ sentAt, site }) =>
    shut
      .filter(({ from, to, sites }) => sentAt > from && sentAt < to && sites.includes(site ?? ''))
      .map(({ from }) => sentAt - from),
  );
  return { count: delays.length, longestMs: Math.max(0, ...delays) };
}

export function sayJudgement(
  { sent, failed, late, misrouted, longestGap: gap }: Judgement,
  after: ReturnType<typeof answeredAfter>,
): string {
  return [
    `${sent} sent`,
    `${failed} failed`,
    `${late} by a standby in the window`,
    `of these ${after.count} sent after the endpoints were right, ${after.longestMs} ms at most`,
    `${misrouted.length} outside of it`,
    `longest gap ${(gap / 1_000).toFixed(2)} s`,
  ].join(', ');
}

/** Every site that was active at some moment of the request. */
function activeSites({ sentAt, endedAt }: Request, turns: readonly Turn[]): readonly string[] {
  return turns
    .filter(({ at }, index) => at <= endedAt && (turns[index + 1]?.at ?? Number.POSITIVE_INFINITY) >= sentAt)
    .map(({ site }) => site);
}

function allows({ from, to, sites }: Window, { sentAt, endedAt, site }: Request): boolean {
  return sentAt <= to && endedAt >= from && sites.includes(site ?? '');
}

function longestGap(answers: readonly Request[]): number {
  const ends = answers.map(({ endedAt }) => endedAt).toSorted((a, b) => a - b);
  return ends.reduce((longest, end, index) => Math.max(longest, end - (ends[index - 1] ?? end)), 0);
}
