import { systemClock } from '../../runtime/clock.ts';
import { run } from '../run.ts';
import type { Terminal } from '../terminal.ts';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A terminal that keeps what is written to it; everything else as given. */
export function recordingTerminal(
  given: Partial<Terminal> = {},
): Terminal & { readonly said: { out: string; err: string } } {
  const said = { out: '', err: '' };
  return {
    env: {},
    clock: systemClock,
    async read(path) {
      throw new Error(`${path} is not there`);
    },
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    size: () => undefined,
    colour: false,
    interactive: false,
    ask: async () => undefined,
    abort: new AbortController().signal,
    onResize: () => () => undefined,
    ...given,
    said,
  };
}

/** Runs one command to its end. */
export async function runCli(args: readonly string[], given: Partial<Terminal> = {}): Promise<Ran> {
  const terminal = recordingTerminal(given);
  const code = await run(args, terminal);
  return { code, ...terminal.said };
}
