import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { explain } from '../../runtime/explain.ts';
import { type Guardian, startGuardian } from './guardian.ts';
import { News } from './news.ts';
import { signalIfThere } from './signal.ts';
import { until } from './until.ts';

const KEPT_LINES = 20_000;

export interface ProcessOptions {
  /** All of its environment but what {@link inherited} says: nothing of the developer's own settings reaches it. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Who kills it if we die; by default one that all processes share. */
  readonly guardian?: Guardian;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export type LogRecord = Readonly<Record<string, unknown>>;

/** A child process that is watched, and ends at the latest when we do. */
export class ChildProcess {
  readonly name: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  #exit: Exit | undefined;
  readonly #lines: string[] = [];
  readonly #news = new News<string>();

  /** Use startProcess. */
  constructor(name: string, pid: number, output: readonly Readable[], exited: Promise<Exit>) {
    this.name = name;
    this.pid = pid;
    this.exited = exited.then((exit) => {
      this.#exit = exit;
      return exit;
    });
    for (const stream of output) createInterface({ input: stream }).on('line', (line) => this.#keep(line));
  }

  /** What it wrote on standard output and standard error, at most the last 20,000 lines. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** The lines that are JSON objects. */
  get records(): readonly LogRecord[] {
    return this.#lines.map(parse).filter((record) => record !== undefined);
  }

  /** Undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** The first log record, of those written already or later, that `matches`. */
  waitForLog(matches: (record: LogRecord) => boolean, timeoutMs: number): Promise<LogRecord> {
    return this.waitForLine((line) => {
      const record = parse(line);
      return record !== undefined && matches(record) ? record : undefined;
    }, timeoutMs);
  }

  /** The first result other than undefined that `find` gives for a line, of those written already or later. */
  waitForLine<T>(find: (line: string) => T | undefined, timeoutMs: number): Promise<T> {
    const ended = this.exited.then(() =>
      Promise.reject(this.#failure('ended before it wrote the awaited line')),
    );
    const inVain = () => this.#failure('did not write the awaited line').message;
    return this.#news.first(this.#lines, find, { timeoutMs, inVain, ended });
  }

  /** Waits until `isReady` gives true; an exception of it counts as not yet. */
  async waitUntil(
    what: string,
    isReady: (abort: AbortSignal) => Promise<boolean>,
    timeoutMs: number,
  ): Promise<void> {
    const ready = async (abort: AbortSignal) => {
      if (this.#exit !== undefined) throw new Error('it has ended');
      return (await isReady(abort)) || undefined;
    };
    try {
      await until(what, ready, { timeoutMs, isFinal: () => this.#exit !== undefined });
    } catch (error) {
      if (this.#exit !== undefined) throw this.#failure(`ended before this: ${what}`, error);
      throw this.#failure(`is not as expected: ${explain(error)}`, error);
    }
  }

  /** Waits until a GET of `url` gives a 2xx. */
  waitForHttp(url: string, timeoutMs: number): Promise<void> {
    const answers = async (abort: AbortSignal) => (await fetch(url, { signal: abort })).ok;
    return this.waitUntil(`${url} answers`, answers, timeoutMs);
  }

  /** SIGSTOP freezes it, SIGCONT lets it go on. Nothing happens when it has ended. */
  signal(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    // Where it has just ended, its exit is about to be known.
    if (this.#exit === undefined) signalIfThere(this.pid, signal);
  }

  /** Asks it to end; kills it after `graceMs`. */
  async stop(graceMs = 5_000): Promise<Exit> {
    this.signal('SIGTERM');
    this.signal('SIGCONT');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  #keep(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    this.#news.tell(line);
  }

  #failure(what: string, cause?: unknown): Error {
    const said = this.#lines.slice(-15).join('\n');
    return new Error(`${this.name} (pid ${this.pid}) ${what}. Its last lines:\n${said || '(none)'}`, {
      cause,
    });
  }
}

/** PATH, and what the Makefile says of garbage collection for the programs in Go that serve a run of tests. */
function inherited(): NodeJS.ProcessEnv {
  const { PATH, GOGC, GOMEMLIMIT } = process.env;
  return { PATH, ...(GOGC !== undefined && { GOGC }), ...(GOMEMLIMIT !== undefined && { GOMEMLIMIT }) };
}

let shared: Guardian | undefined;

function sharedGuardian(): Guardian {
  shared ??= startGuardian();
  return shared;
}

export async function startProcess(
  name: string,
  command: readonly [string, ...string[]],
  options: ProcessOptions = {},
): Promise<ChildProcess> {
  const guardian = options.guardian ?? sharedGuardian();
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { ...inherited(), ...options.env },
    detached: true, // Ctrl-C in a terminal is for us; we stop our children in order.
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<Exit>((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal })),
  );
  await once(child, 'spawn');
  const pid = child.pid as number; // It has one once it has spawned.
  guardian.add(pid);
  child.once('exit', () => guardian.drop(pid));
  return new ChildProcess(name, pid, [child.stdout, child.stderr], exited);
}

function parse(line: string): LogRecord | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as LogRecord;
  } catch {
    return undefined; // A line that only looks like JSON is not a log record.
  }
}
