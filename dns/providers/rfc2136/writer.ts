import type { Clock } from '../../../runtime/clock.ts';
import { subjectOf } from '../../planned.ts';
import { DnsError, type WriteGuard } from '../../provider.ts';
import type { Change, OtherRecords, RecordSet, WrittenType } from '../../records.ts';
import type { DnsServer } from './api.ts';
import { CnameObstacles } from './cname-obstacles.ts';
import { heldSets, heldTypes } from './held.ts';
import { type Question, TYPES } from './message.ts';
import { typeName } from './other-types.ts';
import { otherTypes, question, questionsAboutOthers } from './records.ts';
import { type CnameForm, updatesOf } from './update.ts';

type Changes = readonly Change<WrittenType>[];

/** Makes changes on a server that may silently leave out a CNAME. No name is without a record at any moment. */
export class UpdateWriter {
  readonly #server: DnsServer;
  readonly #obstacles: CnameObstacles;
  #takesGuard = true;

  constructor(server: DnsServer, clock: Clock) {
    this.#server = server;
    this.#obstacles = new CnameObstacles(clock);
  }

  /** The records that were beside CNAMEs that could not be made. */
  obstaclesAt(names: readonly string[]): readonly OtherRecords[] {
    return this.#obstacles.at(names);
  }

  /** Makes all changes but CNAMEs beside other records, which are then in the DnsError. */
  async write(zone: string, changes: Changes, isSigned: boolean, guard: WriteGuard): Promise<void> {
    const { abort } = guard;
    const refused = await this.#makeUnrefused(zone, changes, guard);
    const made = without(changes, refused);
    let leftOut = await this.#leftOut(zone, made, abort);
    if (leftOut.length > 0 && isSigned) {
      const again = made.filter((change) => leftOut.includes(subjectOf(change).name));
      await this.#makeClearing(zone, again, guard);
      leftOut = await this.#leftOut(zone, again, abort);
    }
    const names = [...refused, ...leftOut];
    const there = await this.#othersAmong(zone, questionsAboutOthers(names), abort);
    const error = this.#obstacles.note(names, there);
    if (error !== undefined) throw error;
  }

  /** Resolves with the names that got no CNAME because of other records; all other changes are made. */
  async #makeUnrefused(zone: string, changes: Changes, guard: WriteGuard): Promise<readonly string[]> {
    try {
      await this.#make(zone, changes, guard);
      return [];
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const questions = newCnames(changes).map(({ name }) => question(name, TYPES.ANY));
      const there = await this.#othersAmong(zone, questions, guard.abort);
      const names = [...new Set(there.map(({ name }) => name))];
      if (names.length === 0) throw error;
      await this.#make(zone, without(changes, names), guard);
      return names;
    }
  }

  async #make(zone: string, changes: Changes, guard: WriteGuard): Promise<void> {
    try {
      await this.#update(zone, changes, this.#takesGuard ? 'guarded' : 'plain', guard);
    } catch (error) {
      if (!(error instanceof DnsError) || error.code !== 'FORMERR' || !this.#takesGuard) throw error;
      this.#takesGuard = false;
      await this.#update(zone, changes, 'plain', guard);
    }
  }

  async #makeClearing(zone: string, changes: Changes, guard: WriteGuard): Promise<void> {
    try {
      await this.#update(zone, changes, 'clearing', guard);
    } catch (error) {
      // BIND refuses to delete its signatures, but allows a CNAME beside them.
      if (!isRefusal(error)) throw error;
    }
  }

  #update(zone: string, changes: Changes, form: CnameForm, guard: WriteGuard): Promise<void> {
    return this.#server.update(zone, updatesOf(changes, form, guard.condition), guard);
  }

  async #othersAmong(
    zone: string,
    questions: readonly Question[],
    abort: AbortSignal,
  ): Promise<readonly OtherRecords[]> {
    const shown = otherTypes(await this.#server.query(questions, abort));
    const held = await heldTypes(this.#server, zone, shown, abort);
    return held.map(({ name, type }) => ({ name, type: typeName(type) }));
  }

  async #leftOut(zone: string, changes: Changes, abort: AbortSignal): Promise<readonly string[]> {
    const cnames = newCnames(changes);
    const held = new Set(await heldSets(this.#server, zone, cnames, abort));
    return cnames.filter((cname) => !held.has(cname)).map(({ name }) => name);
  }
}

function newCnames(changes: Changes): readonly RecordSet<WrittenType>[] {
  return changes.flatMap((change) =>
    change.action === 'create' && change.desired.type === 'CNAME' ? [change.desired] : [],
  );
}

function without(changes: Changes, names: readonly string[]): Changes {
  return changes.filter((change) => !names.includes(subjectOf(change).name));
}

function isRefusal(error: unknown): boolean {
  return error instanceof DnsError && error.code === 'REFUSED';
}
