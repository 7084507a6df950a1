/** One timeline of PostgreSQL: two promotions may lead to the same number, and never to the same line. */
interface Line {
  readonly timeline: number;
  readonly id: number;
  /** Where in the WAL it begins. */
  readonly from: number;
}

/** By which a place became the primary of the topology. */
export interface Promotion {
  /** Counts all promotions of a run; 0: it never was one. */
  readonly id: number;
  readonly timeline: number;
}

/** What numbers lines and promotions of a run. */
export class Counter {
  #last = 0;

  next(): number {
    this.#last += 1;
    return this.#last;
  }
}

/** The data of the instances of one Cluster, as far as timelines and positions in the WAL go. */
export class Database {
  readonly #ids: Counter;
  #lines: readonly Line[] = [{ timeline: 1, id: 0, from: 0 }];
  #lsn = 0;
  /** What pg_control_checkpoint() says: of the last checkpoint, which may be older than the promotion. */
  #checkpoint = 1;
  #promotion: Promotion = { id: 0, timeline: 0 };
  #isPrimary = false;

  constructor(ids: Counter) {
    this.#ids = ids;
  }

  get isPrimary(): boolean {
    return this.#isPrimary;
  }

  get promotion(): Promotion {
    return this.#promotion;
  }

  get timeline(): number {
    return this.#lines.at(-1)?.timeline ?? 0;
  }

  get checkpointTimeline(): number {
    return this.#checkpoint;
  }

  /** The last position on the last line. */
  get position(): string {
    return `${this.#lines.at(-1)?.id}:${this.#lsn}`;
  }

  begin(): void {
    this.#isPrimary = true;
    this.#promotion = { id: this.#ids.next(), timeline: this.timeline };
  }

  write(): void {
    if (this.#isPrimary) this.#lsn += 1;
  }

  checkpoint(): void {
    this.#checkpoint = this.timeline;
  }

  /** The checkpoint of the shutdown is the last that it has written. */
  demote(): void {
    this.#isPrimary = false;
    this.#lsn += 1;
    this.checkpoint();
  }

  promote(): void {
    this.#isPrimary = true;
    this.switchLine();
    this.#promotion = { id: this.#ids.next(), timeline: this.timeline };
  }

  /** Another instance of the same Cluster takes over. */
  switchLine(): void {
    this.#lines = [...this.#lines, { timeline: this.timeline + 1, id: this.#ids.next(), from: this.#lsn }];
  }

  /** Takes over what `source` has; false where the two have parted. */
  replicate(source: Database): boolean {
    if (!this.#canFollow(source)) return false;
    this.#copy(source);
    return true;
  }

  /** Made anew from a copy of `source`. */
  rebuild(source: Database): void {
    this.#copy(source);
    this.checkpoint();
  }

  #canFollow(source: Database): boolean {
    const isPart = this.#lines.every(({ id }, index) => source.#lines[index]?.id === id);
    const end = source.#lines[this.#lines.length]?.from ?? source.#lsn;
    return isPart && this.#lsn <= end;
  }

  #copy(source: Database): void {
    this.#lines = source.#lines;
    this.#lsn = source.#lsn;
  }
}
