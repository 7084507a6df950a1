/** Makes the changes of many names in as few calls as possible, though the provider refuses some of them. */

import { byName, subjectOf } from '../planned.ts';
import { DnsError } from '../provider.ts';
import { aboutName } from '../records/name-errors.ts';
import type { Change, Current, RecordSet, WrittenType } from '../records.ts';

/** All changes of one name and of its owner records: they are sent together. */
export interface NameChanges {
  readonly name: string;
  readonly changes: readonly Change<WrittenType>[];
}

/** The changes by name, and the names that cannot be written, with the reason. */
export interface Planned {
  readonly parts: readonly NameChanges[];
  readonly blocked: ReadonlyMap<string, unknown>;
}

/** How names get these sets, with the texts that tell their owner. */
export type PlanSets = (sets: readonly RecordSet[], current: Current) => Planned;

export function changesByName(changes: readonly Change<WrittenType>[]): readonly NameChanges[] {
  return [...byName(changes)].map(([name, own]) => ({ name, changes: own }));
}

export interface SendResult {
  /** What was not made; all others were. */
  readonly left: readonly NameChanges[];
  readonly error?: unknown;
}

export interface SeparationPorts {
  /** Sends all in one call. Rejects when nothing more may be sent. */
  readonly send: (parts: readonly NameChanges[]) => Promise<SendResult>;
  /** Whether the error may be about some of the names only, so that the others can be sent without them. */
  readonly isAboutNames: (error: DnsError) => boolean;
}

export interface Separation {
  /** By name: it was refused alone, or the error names it. */
  readonly refused: ReadonlyMap<string, DnsError>;
  /** By name: why it is not known yet whether it can be written. */
  readonly undecided: ReadonlyMap<string, unknown>;
}

/** Per search, so that the zone is read again from time to time; the next search goes on. */
const MOST_CALLS = 100;
/** After so many refusals in a row the search goes depth first, to find one culprit. */
const FEW_REFUSALS = 6;

/**
 * A call that is refused is sent again without the names in the error. If there are none, its halves are sent, the largest
 * groups first: so a name that is refused is found in a logarithmic number of calls, and no change is made twice.
 */
export async function separate(parts: readonly NameChanges[], ports: SeparationPorts): Promise<Separation> {
  const search = new Search(parts, ports);
  await search.run();
  return search;
}

interface Group {
  readonly parts: readonly NameChanges[];
  /** If it was made, the cause of the refusal is in this half. */
  readonly firstHalf?: Group;
  isMade: boolean;
}

class Search implements Separation {
  readonly refused = new Map<string, DnsError>();
  readonly undecided = new Map<string, unknown>();
  readonly #ports: SeparationPorts;
  readonly #groups: Group[];
  readonly #mostInVain: number;
  #calls = 0;
  /** Refused calls in a row: if everything is refused, the search ends soon. */
  #inVain = 0;

  constructor(parts: readonly NameChanges[], ports: SeparationPorts) {
    this.#ports = ports;
    this.#groups = [{ parts, isMade: false }];
    this.#mostInVain = FEW_REFUSALS + 2 * Math.ceil(Math.log2(parts.length + 1));
  }

  async run(): Promise<void> {
    for (let group = this.#next(); group !== undefined; group = this.#next()) {
      const { parts, firstHalf } = group;
      if (firstHalf?.isMade === true && parts.length > 1) this.#halve(parts);
      else if (parts.length > 0) await this.#try(group);
    }
  }

  #next(): Group | undefined {
    return this.#inVain > FEW_REFUSALS ? this.#groups.pop() : this.#groups.shift();
  }

  async #try(group: Group): Promise<void> {
    const { parts } = group;
    const { left, error } = await this.#ports.send(parts);
    this.#calls += 1;
    group.isMade = error === undefined;
    this.#inVain = left.length < parts.length ? 0 : this.#inVain + 1;
    if (error === undefined) return;
    if (!(error instanceof DnsError) || !this.#ports.isAboutNames(error)) {
      // If nothing is left, the error says that the result is unknown.
      this.#end(left.length > 0 ? left : parts, error);
      return;
    }
    const named = namedIn(error, parts);
    for (const [name, own] of named) this.refused.set(name, own);
    const rest = left.filter(({ name }) => !named.has(name));
    if (named.size > 0) {
      this.#inVain = 0;
      this.#groups.unshift({ parts: rest, isMade: false });
    } else if (rest.length > 1) this.#halve(rest);
    else for (const { name } of rest) this.refused.set(name, aboutName(error, name));
    if (this.#calls >= MOST_CALLS || this.#inVain >= this.#mostInVain) this.#end([], unfinished(error));
  }

  #halve(parts: readonly NameChanges[]): void {
    const middle = Math.floor(parts.length / 2);
    const firstHalf = { parts: parts.slice(0, middle), isMade: false };
    this.#groups.push(firstHalf, { parts: parts.slice(middle), firstHalf, isMade: false });
  }

  #end(parts: readonly NameChanges[], error: unknown): void {
    const others = this.#groups.splice(0).flatMap((group) => group.parts);
    for (const { name } of [...parts, ...others]) this.undecided.set(name, error);
  }
}

function unfinished(error: DnsError): DnsError {
  const message = `${error.message}; which names are refused is not known of all yet, and is tried again`;
  return error.with({ message, names: undefined, scope: 'names', each: undefined, cause: error });
}

/** The parts that the error names, by their own names or else by those of their owner records. */
function namedIn(error: DnsError, parts: readonly NameChanges[]): ReadonlyMap<string, DnsError> {
  const partOf = new Map([
    ...parts.flatMap(({ name, changes }) => changes.map((change) => [subjectOf(change).name, name] as const)),
    // The owner of `b` is told at `a-b`, which may follow, too.
    ...parts.map(({ name }) => [name, name] as const),
  ]);
  return new Map(
    error.each.flatMap((own) =>
      (own.names ?? []).flatMap((name) => {
        const part = partOf.get(name);
        return part === undefined ? [] : [[part, own] as const];
      }),
    ),
  );
}
