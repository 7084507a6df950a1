/**
 * Ends test files that do not end by themselves. The limit of a test is kept by the process that runs it, which keeps
 * none once it is busy for ever, or waits for its own threads at its end (nodejs/node#54918); and node waits for a file
 * as long as anything that it started holds its output.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { TestsStream } from 'node:test';
import { signalIfThere } from './signal.ts';

/** `processes` has a file for each process, by its id, with the path of what it runs: see `whole-report.ts`. */
export function endOverdue(tests: TestsStream, processes: string, limitMs: number): void {
  const timers = new Map<string, NodeJS.Timeout>();
  tests.on('test:dequeue', (event) => {
    const file = fileOf(event);
    if (file !== undefined) timers.set(file, setTimeout(kill, limitMs, file));
  });
  tests.on('test:complete', (event) => {
    const file = fileOf(event);
    if (file !== undefined) clearTimeout(timers.get(file));
  });

  function kill(file: string): void {
    console.error(`${file}: has not ended after ${limitMs / 1_000} s, is killed`);
    for (const id of readdirSync(processes)) {
      if (readFileSync(join(processes, id), 'utf8') === file) signalIfThere(Number(id), 'SIGKILL');
    }
    timers.set(file, setTimeout(giveUp, limitMs / 10, file));
  }
}

/** The path of a test file, where the event is of a file as a whole: its name is the path as node was given it. */
export function fileOf({ name, file, nesting }: TestEvent): string | undefined {
  return nesting === 0 && file !== undefined && resolve(name) === file ? file : undefined;
}

interface TestEvent {
  readonly name: string;
  readonly file?: string | undefined;
  readonly nesting: number;
}

function giveUp(file: string): void {
  console.error(`${file}: something that it started holds its output and never ends; the run ends here`);
  process.exit(1);
}
