import { type KeptMemory, type KeptSets, StoredSets } from '../../../dns/follower/kept-sets.ts';

/** What is kept of `names` before writes, where each successor finds it. */
export class KeptInMemory {
  /** What is stored; a text, as it would be in a ConfigMap. */
  stored = '{}';
  #latest: KeptMemory = {};
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** As a process has it that starts now. */
  open(): KeptSets {
    return new StoredSets({
      memory: JSON.parse(this.stored) as unknown,
      names: this.#names,
      onChange: (memory) => {
        this.#latest = memory;
      },
      save: async () => {
        this.stored = JSON.stringify(this.#latest);
      },
    });
  }
}
