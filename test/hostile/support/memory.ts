import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Background } from '../../support/background.ts';
import type { ChildProcess } from '../../support/process.ts';

const PERIOD_MS = 100;

/** MiB of its own: not the pages of files such as the program's, which the kernel takes back when it needs them. */
async function ownMemoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]) / 1_024;
}

/** The most that a process has, until it is stopped. */
export class MemoryWatch extends Background {
  peak = 0;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    super();
    this.#child = child;
  }

  protected override async run(abort: AbortSignal): Promise<void> {
    while (!abort.aborted && this.#child.exit === undefined) {
      this.peak = Math.max(this.peak, await ownMemoryOf(this.#child.pid));
      await delay(PERIOD_MS);
    }
  }
}
