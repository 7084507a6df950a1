import { type FSWatcher, readFileSync, readlinkSync, watch } from 'node:fs';
import { decodeStatus, STATUS_KEYS } from '../../contract/status.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Reading } from '../state.ts';

export interface FileSourceOptions {
  readonly clock: Clock;
  /** One file a key, as the kubelet writes a ConfigMap volume; empty or missing where there is no copy. */
  readonly folder: string;
  readonly onReading: (reading: Reading) => void;
}

/** The kubelet makes the new files in a folder of their own and then moves this link to it. */
const VERSION_LINK = '..data';
/** One update is several events. */
const GATHER_MS = 20;
/** In case no event comes: the folder was made later, or the kernel has no watches left. */
const POLL_MS = 10_000;

/** Reads the mounted copy of the status at the start and whenever it changes. */
export class FileSource {
  readonly #options: FileSourceOptions;
  #watcher: FSWatcher | undefined;
  #seen = '';
  #cancel: () => void = () => undefined;

  constructor(options: FileSourceOptions) {
    this.#options = options;
  }

  start(): void {
    this.#watch();
    this.#read();
    this.#startAgain(POLL_MS);
  }

  stop(): void {
    this.#cancel();
    this.#unwatch();
  }

  #startAgain(ms: number): void {
    this.#cancel();
    this.#cancel = this.#options.clock.after(ms, () => this.start());
  }

  /** The folder and not a file in it: those are replaced, and a watch would stay with the old one. */
  #watch(): void {
    try {
      this.#watcher ??= watch(this.#options.folder, () => this.#startAgain(GATHER_MS)).on('error', () =>
        this.#unwatch(),
      );
    } catch {
      // The folder is not there, or no watches are left: the poll sees changes later, and tries again.
    }
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #read(): void {
    const data = readVolume(this.#options.folder);
    const seen = JSON.stringify(data);
    if (data === undefined || seen === this.#seen) return;
    this.#seen = seen;
    this.#options.onReading({ source: 'file', uid: '', status: decodeStatus(data) });
  }
}

/**
 * All keys of one version: the link is read once. Undefined when there is nothing. A version that is taken away
 * meanwhile is malformed for a moment, until the event of its removal.
 */
function readVolume(folder: string): Record<string, string> | undefined {
  const version = `${folder}/${versionOf(folder)}`;
  const data: Record<string, string> = {};
  for (const key of STATUS_KEYS) {
    const value = readKey(`${version}/${key}`);
    if (value !== undefined) data[key] = value;
  }
  return Object.keys(data).length > 0 ? data : undefined;
}

/** The folder that the link names; the folder itself where there is no link, as with single files mounted. */
function versionOf(folder: string): string {
  try {
    return readlinkSync(`${folder}/${VERSION_LINK}`);
  } catch {
    return '.'; // No link.
  }
}

function readKey(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // A missing key makes the status malformed, which is told.
  }
}
