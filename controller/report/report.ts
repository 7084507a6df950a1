import { decodeHistory, HISTORY_LIMIT, type Transition } from '../../contract/history.ts';
import { retryOnConflict } from '../../kubernetes/conflict.ts';
import { isLostRace } from '../../kubernetes/errors.ts';
import { endingWith, type Leadership } from '../../kubernetes/leadership.ts';
import { type Clock, sleep, withDeadline } from '../../runtime/clock.ts';
import { readJson } from '../../runtime/json.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { FencedConfigMap, StoredConfigMap } from '../status/fenced-config-map.ts';
import { fittingSections } from './report-size.ts';

const WRITE_GAP_MS = 1_000;
/** What a move changes is written in one, and not before what moves the traffic. */
const GATHER_MS = 100;
const RETRY_MS = 5_000;
const CHECK_MS = 60_000;
const ATTEMPTS = 4;
/** A kubelet waits half a minute, and the next leader for the Lease. */
const LAST_MS = 1_000;

/**
 * What changes more often than the status: the history, how DNS stands, what was done. A second ConfigMap, so that
 * those who watch the status are not woken by it. The leader's memory is the truth; the ConfigMap follows at most
 * once a second, and gives the memory back to the next leader.
 */
export class Report {
  readonly #store: FencedConfigMap;
  readonly #clock: Clock;
  readonly #wakeup: Wakeup;
  readonly #onProblem: (error: unknown) => void;
  #sections = new Map<string, string>();
  #found: StoredConfigMap | undefined;
  #dirty = false;
  /** Names of the sections that do not fit; reported once. */
  #leftOut = '';
  /** The save that is under way, and the one after it. */
  #saving: Promise<void> | undefined;
  #nextSave: Promise<void> | undefined;

  constructor(store: FencedConfigMap, clock: Clock, onProblem: (error: unknown) => void) {
    this.#store = store;
    this.#clock = clock;
    this.#wakeup = new Wakeup(clock, WRITE_GAP_MS);
    this.#onProblem = onProblem;
  }

  /** Takes over what the last leader left. Throws KubeError. */
  async load(leadership: Leadership): Promise<void> {
    this.#found = await this.#store.read(leadership.abort);
    this.#sections = new Map(Object.entries(this.#found.data));
  }

  get history(): readonly Transition[] {
    return decodeHistory(this.get('history'));
  }

  addTransition(transition: Transition): void {
    this.set('history', [...this.history, transition].slice(-HISTORY_LIMIT));
  }

  /** The JSON value of a section, or undefined. The caller checks its shape: anybody can edit a ConfigMap. */
  get(section: string): unknown {
    return readJson(this.#sections.get(section) ?? '');
  }

  set(section: string, value: unknown): void {
    const text = JSON.stringify(value);
    if (this.#sections.get(section) === text) return;
    this.#sections.set(section, text);
    this.#dirty = true;
    this.#wakeup.notify();
  }

  /** Writes what changed, and what somebody else changed, until the leadership ends. */
  async run(leadership: Leadership): Promise<void> {
    const { abort } = leadership;
    let hasWritten = false;
    while (!abort.aborted) {
      await this.#wakeup.wait(this.#dirty ? RETRY_MS : CHECK_MS, abort);
      // A new leader publishes at once what it follows.
      if (hasWritten) await sleep(this.#clock, GATHER_MS, abort);
      if (abort.aborted) return;
      try {
        if (!this.#dirty) await this.#check(abort);
        if (this.#dirty) await this.save(leadership);
        hasWritten = true;
      } catch (error) {
        if (!abort.aborted) this.#onProblem(error);
      }
    }
  }

  /**
   * After the work of a leadership that ends in order: the Lease is still held, and the next leader would not know what was not
   * written yet, such as to which timeline a Cluster was promoted.
   */
  async finish(leadership: Leadership): Promise<void> {
    if (!this.#dirty || !leadership.isLeader()) return;
    const save = (abort: AbortSignal) => this.save(endingWith(abort, leadership));
    await withDeadline(this.#clock, LAST_MS, undefined, 'the report', save).catch(this.#onProblem);
  }

  /** What is stored may have changed. */
  checkSoon(): void {
    this.#wakeup.notify();
  }

  /** What somebody deletes or edits would be forgotten by the next leader: a move that was done would be done again. */
  async #check(abort: AbortSignal): Promise<void> {
    const found = await this.#store.read(abort);
    const isWhole = Object.entries(this.#fitting()).every(([section, text]) => found.data[section] === text);
    if (isWhole) return;
    this.#found = found;
    this.#dirty = true;
  }

  #fitting(): Readonly<Record<string, string>> {
    const { data, leftOut } = fittingSections(this.#sections);
    const names = leftOut.join(', ');
    if (names !== this.#leftOut && names !== '') {
      const text = `too large for a ConfigMap, so the report has no ${names}: the next leader does not know of it`;
      this.#onProblem(new Error(text));
    }
    this.#leftOut = names;
    return data;
  }

  /** Writes now and resolves when it is stored; for what must be known before an action. Throws KubeError. */
  save(leadership: Leadership): Promise<void> {
    // One at a time, or each would take the version from under the others. Who comes meanwhile is stored with the next one.
    this.#nextSave ??= this.#afterSave(leadership);
    return this.#nextSave;
  }

  async #afterSave(leadership: Leadership): Promise<void> {
    await Promise.allSettled([this.#saving]);
    this.#saving = this.#nextSave;
    this.#nextSave = undefined;
    await this.#write(leadership);
  }

  async #write(leadership: Leadership): Promise<void> {
    const write = async () => {
      this.#dirty = false;
      try {
        const found = this.#found ?? (await this.#store.read(leadership.abort));
        this.#found = await this.#store.write(found, this.#fitting(), leadership);
      } catch (error) {
        this.#dirty = true;
        this.#found = undefined;
        throw error;
      }
    };
    // Edited or deleted by hand since it was read: the memory is the truth, write it over the new version.
    await retryOnConflict(ATTEMPTS, write, isLostRace);
  }
}
