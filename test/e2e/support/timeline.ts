/** What was seen to change, when, lane by lane. Times are milliseconds since 1970. */
export interface Mark {
  readonly at: number;
  readonly value: string;
}

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly value: string;
}

export class Timeline {
  readonly #lanes = new Map<string, Mark[]>();

  /** Notes nothing when the lane has that value already. True when it is new. */
  note(lane: string, value: string, at: number): boolean {
    const marks = this.#lanes.get(lane) ?? [];
    if (marks.at(-1)?.value === value) return false;
    marks.push({ at, value });
    this.#lanes.set(lane, marks);
    return true;
  }

  get lanes(): readonly string[] {
    return [...this.#lanes.keys()];
  }

  marks(lane: string): readonly Mark[] {
    return this.#lanes.get(lane) ?? [];
  }

  /** Undefined before the first mark. */
  valueAt(lane: string, at: number): string | undefined {
    return this.marks(lane).findLast((mark) => mark.at <= at)?.value;
  }

  /** What the lane was in between, cut to that. Nothing before its first mark. */
  spans(lane: string, from: number, to: number): readonly Span[] {
    const marks = this.marks(lane);
    return marks
      .map(({ at, value }, index) => ({
        from: Math.max(at, from),
        to: Math.min(marks[index + 1]?.at ?? to, to),
        value,
      }))
      .filter((span) => span.to > span.from);
  }
}
