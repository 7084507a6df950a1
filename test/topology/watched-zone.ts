/** The zone that both places share, in a real BIND: each change of it is read from its log. */

import type { RecordSet, WrittenType } from '../../dns/records.ts';
import { ADDRESSES, RECORDS, TTL, ZONE } from '../simulation/topology/setup.ts';
import type { Sets, ZoneWrite } from '../simulation/topology/shared-zone.ts';
import type { Call } from '../simulation/topology/truth.ts';
import { KEY_NAME, type NameServer, startBind } from '../support/dns/name-servers.ts';
import type { Ends } from '../support/loopback.ts';

type OnWrite = (write: ZoneWrite<Call>) => void;

interface Line {
  readonly from: string;
  readonly isDeletion: boolean;
  readonly name: string;
  readonly type: WrittenType;
  readonly value: string;
}

const LINE =
  /client @\S+ (?<from>[\d.]+#\d+)\/key \S+ updating zone '[^']+': (?<what>adding an RR|deleting rrset|deleting an RR) at '(?<name>[^']+)' (?<type>[A-Z]+) ?(?<value>.*)$/;

export class WatchedZone {
  readonly server: NameServer;
  sets: Sets = RECORDS.map((name) => ({ name, type: 'A', ttl: TTL, values: [ADDRESSES.east] }));
  onWrite: OnWrite = () => undefined;
  readonly #calls = new Map<string, Call>();
  /** The lines of one update, which come one after the other. */
  #open: Line[] = [];
  #read = 0;

  private constructor(server: NameServer) {
    this.server = server;
  }

  static async start(ends: Ends): Promise<WatchedZone> {
    const records = RECORDS.map((name) => `${name}. ${TTL} A ${ADDRESSES.east}`).join('\n');
    const types = 'A AAAA CNAME TXT';
    const server = await startBind(ends, { zone: ZONE, records, algorithm: 'hmac-sha256', types });
    return new WatchedZone(server);
  }

  get settings() {
    return { tsigName: KEY_NAME, tsigSecret: this.server.secret, tsigAlgorithm: 'hmac-sha256' };
  }

  /** `from`: the connection by which the update comes. */
  noteCall(from: string, call: Call): void {
    this.#calls.set(from, call);
  }

  /** To be called again and again: an update is complete when nothing more has come of it since the last time. */
  drain(): void {
    const { lines } = this.server.process;
    const fresh = lines.slice(this.#read).flatMap((line) => parse(line) ?? []);
    this.#read = lines.length;
    if (fresh.length === 0) this.#close();
    for (const line of fresh) {
      if (this.#open.at(0)?.from !== line.from) this.#close();
      this.#open.push(line);
    }
  }

  #close(): void {
    const [first] = this.#open;
    if (first === undefined) return;
    const call = this.#calls.get(first.from);
    if (call === undefined) throw new Error(`${first.from} has written the zone, and came by no gate`);
    const before = this.sets;
    for (const line of this.#open) this.sets = changed(this.sets, line);
    this.#open = [];
    this.onWrite({ call, before, after: this.sets });
  }
}

function parse(text: string): Line | undefined {
  const { from, what, name, type, value = '' } = LINE.exec(text)?.groups ?? {};
  if (from === undefined || name === undefined) return undefined;
  const isDeletion = what !== 'adding an RR';
  return { from, isDeletion, name, type: type as WrittenType, value: value.replaceAll('"', '') };
}

function changed(sets: Sets, { isDeletion, name, type, value }: Line): Sets {
  const set = sets.find((each) => each.name === name && each.type === type);
  const rest = sets.filter((each) => each !== set);
  const values = set?.values ?? [];
  const left = isDeletion ? values.filter((each) => value !== '' && each !== value) : [...values, value];
  return left.length === 0
    ? rest
    : [...rest, { name, type, ttl: TTL, values: left } as RecordSet<WrittenType>];
}
