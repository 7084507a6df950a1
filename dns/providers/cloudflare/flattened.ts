import type { Clock } from '../../../runtime/clock.ts';
import type { AuthoritativeLookup, RecordQuery, ServerAnswer } from '../../records/authoritative.ts';

/** Name servers may answer as before a change for so long; mostly it takes seconds. */
const PROPAGATION_MS = 60_000;

/**
 * A zone can be set to flatten all CNAMEs (developers.cloudflare.com/dns/cname-flattening/set-up-cname-flattening), which
 * its records do not show. Its name servers then answer with addresses, and without a CNAME.
 */
export class FlattenedZones {
  readonly #clock: Clock;
  /** By name: since when it looks flattened. */
  readonly #since = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** For a CNAME; `shown` are its values in the API. */
  async lookup(
    query: RecordQuery,
    shown: readonly string[],
    ask: AuthoritativeLookup,
  ): Promise<readonly ServerAnswer[]> {
    const { name } = query;
    const answers = await ask(query);
    const isShown = answers.every(({ values }) => values === undefined || values.length > 0);
    if (isShown || !(await hasAddresses(query, ask))) {
      this.#since.delete(name);
      return answers;
    }
    const now = this.#clock.elapsed();
    const since = this.#since.get(name) ?? now;
    this.#since.set(name, since);
    const isSettled = now - since >= PROPAGATION_MS;
    if (!isSettled) return answers.map(({ server }) => ({ server, values: undefined }));
    return [{ server: 'Cloudflare (flattened)', values: shown, hidden: 'flattened' }];
  }
}

async function hasAddresses(query: RecordQuery, ask: AuthoritativeLookup): Promise<boolean> {
  const answers = await Promise.all([ask({ ...query, type: 'A' }), ask({ ...query, type: 'AAAA' })]);
  return answers.flat().some(({ values = [] }) => values.length > 0);
}
