import { LABELS, PROGRAM } from '../../contract/names.ts';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { ignoreNotFound, isAlreadyExists, isConflict } from '../../kubernetes/errors.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { type Clock, timestamp } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import { DnsError } from '../provider.ts';
import { snapshotsName } from './snapshot-rights.ts';

/** Keeps what was in a zone before each write, so that a person can restore it. */
export interface SnapshotStore {
  /** Resolves when `text` is stored. Throws DnsError: then the zone must not be written. */
  save(zone: string, text: string, abort: AbortSignal): Promise<void>;
}

const KEPT = 3;
/** A ConfigMap holds 1 MiB at most. */
const MAX_BYTES = 900_000;
const ATTEMPTS = 4;

/** One ConfigMap per zone, `kube-site-follower-zone-<zone>`, holding its last three snapshots by their time. */
export class ConfigMapSnapshots implements SnapshotStore {
  readonly #api: KubeApi;
  readonly #clock: Clock;
  readonly #namespace: string;

  constructor(api: KubeApi, clock: Clock, namespace: string) {
    this.#api = api;
    this.#clock = clock;
    this.#namespace = namespace;
  }

  async save(zone: string, text: string, abort: AbortSignal): Promise<void> {
    const key = { namespace: this.#namespace, name: snapshotsName(zone) };
    const entry = `${timestamp(this.#clock).replaceAll(':', '')}.json`;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#put(key, entry, text, abort);
        return;
      } catch (error) {
        abort.throwIfAborted();
        if ((isConflict(error) || isAlreadyExists(error)) && attempt < ATTEMPTS) continue;
        throw new DnsError(
          `${zone} was not written because its snapshot could not be kept: ${explain(error)}`,
          {
            kind: 'retry',
            code: 'snapshot',
            action: `Look at the API server, and at the permission to write ConfigMap ${key.name} in ${key.namespace}.`,
            cause: error,
          },
        );
      }
    }
  }

  /** The same `entry` in each attempt: a write that ended in a conflict may have been stored all the same. */
  async #put(key: Required<ObjectKey>, entry: string, text: string, abort: AbortSignal): Promise<void> {
    const found = await this.#api.get(CONFIG_MAPS, key, { abort }).catch(ignoreNotFound);
    if (found?.data?.[entry] === text) return;
    const data = keepNewest({ ...found?.data, [entry]: text });
    const labels = { ...found?.metadata.labels, [LABELS.managedBy]: PROGRAM, [LABELS.role]: 'zones' };
    const object: ConfigMap = { ...found, metadata: { ...found?.metadata, ...key, labels }, data };
    if (found === undefined) await this.#api.create(CONFIG_MAPS, object, { abort });
    else await this.#api.replace(CONFIG_MAPS, object, { abort });
  }
}

/** The names sort by time. */
function keepNewest(data: Readonly<Record<string, string>>): Record<string, string> {
  const kept: Record<string, string> = {};
  let bytes = 0;
  for (const name of Object.keys(data).sort().reverse().slice(0, KEPT)) {
    const text = data[name] ?? '';
    bytes += Buffer.byteLength(text);
    if (bytes <= MAX_BYTES) kept[name] = text;
  }
  return kept;
}
