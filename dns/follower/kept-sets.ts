import { isIPv4, isIPv6 } from 'node:net';
import * as z from 'zod';
import type { Leadership } from '../../kubernetes/leadership.ts';
import { explain } from '../../runtime/explain.ts';
import { DnsError } from '../provider.ts';
import type { RecordSet, RecordType } from '../records.ts';
import { isDnsName } from '../zones.ts';

/** The records of names before a write that may leave them empty, stored for the next leader. */
export interface KeptSets {
  of(name: string): readonly RecordSet[];
  /** Resolves once they are stored. Throws DnsError: then the names must not be written. */
  keep(sets: readonly RecordSet[], leadership: Leadership): Promise<void>;
  /** The names have records again. */
  release(names: readonly string[]): void;
}

/** By name, each set as `A 60 192.0.2.1`. */
export type KeptMemory = Readonly<Record<string, readonly string[]>>;

export interface StoredSetsOptions {
  /** From `onChange` before a restart; may have been edited by hand. */
  readonly memory: unknown;
  /** Other names in `memory` are ignored. */
  readonly names: readonly string[];
  readonly onChange: (memory: KeptMemory) => void;
  /** Resolves once the memory of the last `onChange` is stored. Throws KubeError. */
  readonly save: (leadership: Leadership) => Promise<void>;
}

/** Code: not written, as the former records could not be stored. */
export const NOT_KEPT = 'not-kept';
/** Of the memory. The ConfigMap has at most 1 MiB and other sections. */
const MOST_BYTES = 100_000;
const MEMORY = z.record(z.string(), z.array(z.string()));
const IS_VALUE: Readonly<Record<RecordType, (value: string) => boolean>> = {
  A: isIPv4,
  AAAA: isIPv6,
  CNAME: isDnsName,
};

export class StoredSets implements KeptSets {
  readonly #options: StoredSetsOptions;
  readonly #sets: Map<string, readonly RecordSet[]>;

  constructor(options: StoredSetsOptions) {
    this.#options = options;
    this.#sets = decode(options.memory, new Set(options.names));
  }

  of(name: string): readonly RecordSet[] {
    return this.#sets.get(name) ?? [];
  }

  async keep(sets: readonly RecordSet[], leadership: Leadership): Promise<void> {
    if (sets.length === 0) return;
    const byName = Map.groupBy(sets, (set) => set.name);
    const before = [...byName.keys()].map((name) => [name, this.#sets.get(name)] as const);
    for (const [name, own] of byName) this.#sets.set(name, own);
    try {
      if (bytesOf(this.#memory()) > MOST_BYTES)
        throw new Error('too many names are written at the same time');
      this.#options.onChange(this.#memory());
      await this.#options.save(leadership);
    } catch (error) {
      leadership.abort.throwIfAborted();
      for (const [name, own] of before) {
        if (own === undefined) this.#sets.delete(name);
        else this.#sets.set(name, own);
      }
      this.#options.onChange(this.#memory());
      throw notKept([...byName.keys()], error);
    }
  }

  release(names: readonly string[]): void {
    const held = names.filter((name) => this.#sets.delete(name));
    if (held.length > 0) this.#options.onChange(this.#memory());
  }

  #memory(): KeptMemory {
    return Object.fromEntries([...this.#sets].map(([name, sets]) => [name, sets.map(textOf)]));
  }
}

/** Size of a set in the memory. */
export function keptBytes(set: RecordSet): number {
  return bytesOf({ [set.name]: [textOf(set)] });
}

function bytesOf(memory: KeptMemory): number {
  return Buffer.byteLength(JSON.stringify(memory));
}

function textOf({ type, ttl, values }: RecordSet): string {
  return [type, ttl, ...values].join(' ');
}

function decode(memory: unknown, names: ReadonlySet<string>): Map<string, readonly RecordSet[]> {
  const { data = {} } = MEMORY.safeParse(memory);
  const known = Object.entries(data).filter(([name]) => names.has(name));
  return new Map(
    known.map(([name, texts]) => [name, texts.flatMap((text) => setOf(name, text) ?? [])] as const),
  );
}

/** The reverse of `textOf`; undefined for anything else. */
function setOf(name: string, text: string): RecordSet | undefined {
  const [type = '', ttl = '', ...values] = text.split(' ');
  if (!isType(type) || !/^\d{1,10}$/.test(ttl) || values.length === 0) return undefined;
  return values.every(IS_VALUE[type]) ? { name, type, ttl: Number(ttl), values } : undefined;
}

function isType(text: string): text is RecordType {
  return Object.hasOwn(IS_VALUE, text);
}

function notKept(names: readonly string[], error: unknown): DnsError {
  const [first = '', ...others] = names;
  const more = others.length > 0 ? ` and ${others.length} more` : '';
  return new DnsError(
    `${first}${more} was not written because what it has now could not be kept: ${explain(error)}`,
    {
      kind: 'retry',
      code: NOT_KEPT,
      action: 'It is tried again; look at the API server, and at the permission to write the report.',
      cause: error,
    },
  );
}
