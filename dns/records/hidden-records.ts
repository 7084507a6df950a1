import type { RecordSet, RecordType } from '../records.ts';
import type { Hidden, ServerAnswer } from './authoritative.ts';

/** Records that name servers do not show, as the provider last showed them. */
export class HiddenRecords {
  readonly #provider: string;
  readonly #sets = new Map<string, { readonly why: Hidden; readonly sets: readonly RecordSet[] }>();

  /** `provider`: for the report. */
  constructor(provider: string) {
    this.#provider = provider;
  }

  /** After a read of `names`. */
  note(
    names: readonly string[],
    sets: readonly RecordSet[],
    why: (name: string) => Hidden | undefined,
  ): void {
    for (const name of names) {
      const reason = why(name);
      if (reason === undefined) this.#sets.delete(name);
      else this.#sets.set(name, { why: reason, sets: sets.filter((set) => set.name === name) });
    }
  }

  /** Undefined: the name servers can be asked. */
  answer(name: string, type: RecordType): readonly ServerAnswer[] | undefined {
    const hidden = this.#sets.get(name);
    if (hidden === undefined) return undefined;
    const values = hidden.sets.find((set) => set.type === type)?.values ?? [];
    return [{ server: `${this.#provider} (${hidden.why})`, values, hidden: hidden.why }];
  }
}
