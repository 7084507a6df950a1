/** Which changes that were accepted have not reached all name servers yet, by zone. */
export class PendingChanges {
  readonly #isInSync: (changeId: string, abort: AbortSignal) => Promise<boolean>;
  readonly #pending = new Map<string, readonly string[]>();
  /** One question for all records that ask at the same time. */
  readonly #asking = new Map<string, Promise<boolean>>();

  constructor(isInSync: (changeId: string, abort: AbortSignal) => Promise<boolean>) {
    this.#isInSync = isInSync;
  }

  accepted(zone: string, changeId: string | undefined): void {
    if (changeId === undefined) return;
    // A later change of the zone is made after the earlier ones, so few are kept.
    this.#pending.set(zone, [...(this.#pending.get(zone) ?? []), changeId].slice(-MOST_PENDING));
  }

  /** Whether all changes of the zone have reached all name servers. */
  isInSync(zone: string, abort: AbortSignal): Promise<boolean> {
    const asking = this.#asking.get(zone) ?? this.#ask(zone, abort).finally(() => this.#asking.delete(zone));
    this.#asking.set(zone, asking);
    return asking;
  }

  async #ask(zone: string, abort: AbortSignal): Promise<boolean> {
    for (const id of this.#pending.get(zone) ?? []) {
      if (!(await this.#isInSync(id, abort))) return false;
      const left = (this.#pending.get(zone) ?? []).filter((other) => other !== id);
      this.#pending.set(zone, left);
    }
    return true;
  }
}

const MOST_PENDING = 50;
