import { parseArgs } from 'node:util';
import { PROGRAM } from '../contract/names.ts';
import { VERSION } from '../contract/version.ts';
import { explain } from '../kubernetes/errors.ts';
import { loadInjectorConfig } from '../webhook/config.ts';
import { injectManifests, type Result, uninjectManifests } from './inject.ts';

/** What the command line does with the world. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The text of a file, or of the standard input for `-`. Throws. */
  read(path: string): string;
  out(text: string): unknown;
  err(text: string): unknown;
}

/** Exit codes. */
const DONE = 0;
const REFUSED = 1;
const WRONG_USAGE = 2;

const USAGE = `Usage:
  ${PROGRAM} inject -f FILE      print the manifests with the sidecar in the pods that ask for it
  ${PROGRAM} uninject -f FILE    print the manifests without it

FILE is YAML or JSON with any number of objects; - is the standard input. The manifests go to the standard output,
a line about each object to the standard error. Nothing is printed when an object cannot be injected as it asks.

Options:
  -f, --filename FILE            read this file
      --image IMAGE              image of the sidecar (SIDECAR_IMAGE; ${PROGRAM}:${VERSION})
      --controller-namespace NS  where the controller is (POD_NAMESPACE; ${PROGRAM})
  -h, --help                     show this
`;

/** Runs one command; gives the exit code: 0 done, 1 refused or failed, 2 wrong usage. */
export function run(args: readonly string[], terminal: Terminal): number {
  const { values, positionals, problem } = parse(args);
  if (values.help === true) {
    terminal.out(USAGE);
    return DONE;
  }
  const [command, ...rest] = positionals;
  if (problem !== undefined || rest.length > 0 || (command !== 'inject' && command !== 'uninject')) {
    terminal.err(`${problem ?? 'Say what to do: inject or uninject.'}\n\n${USAGE}`);
    return WRONG_USAGE;
  }
  if (values.filename === undefined) {
    terminal.err(`Say which file: ${PROGRAM} ${command} -f FILE\n`);
    return WRONG_USAGE;
  }
  const loaded = loadInjectorConfig({
    ...terminal.env,
    ...(values.image !== undefined && { SIDECAR_IMAGE: values.image }),
    ...(values['controller-namespace'] !== undefined && { POD_NAMESPACE: values['controller-namespace'] }),
  });
  if (!loaded.ok) {
    terminal.err(`${loaded.problems.join('\n')}\n`);
    return WRONG_USAGE;
  }
  try {
    const text = terminal.read(values.filename);
    return show(
      command === 'inject' ? injectManifests(text, loaded.config) : uninjectManifests(text),
      terminal,
    );
  } catch (error) {
    terminal.err(`${values.filename}: ${explain(error)}\n`);
    return REFUSED;
  }
}

function show({ output, notes }: Result, terminal: Terminal): number {
  for (const note of notes) terminal.err(`${note}\n`);
  if (output === undefined) return REFUSED;
  terminal.out(output);
  return DONE;
}

interface Parsed {
  readonly values: {
    readonly filename?: string;
    readonly image?: string;
    readonly 'controller-namespace'?: string;
    readonly help?: boolean;
  };
  readonly positionals: readonly string[];
  readonly problem?: string;
}

function parse(args: readonly string[]): Parsed {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        filename: { type: 'string', short: 'f' },
        image: { type: 'string' },
        'controller-namespace': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    return { values: {}, positionals: [], problem: explain(error) };
  }
}
