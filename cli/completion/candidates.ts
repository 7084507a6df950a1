import type { Command, Option } from 'commander';

export interface Candidate {
  readonly text: string;
  readonly meaning: string;
}

export interface Candidates {
  readonly found: readonly Candidate[];
  /** The shell completes names of files itself. */
  readonly isFile: boolean;
}

const FILES = ['--filename', '--kubeconfig'];
const NOTHING: Candidates = { found: [], isFile: false };

/** Completes the last of `words`, which may be empty. `words` are the arguments of the program. */
export function candidatesFor(program: Command, words: readonly string[]): Candidates {
  const current = words.at(-1) ?? '';
  const [name, ...rest] = words.slice(0, -1);
  const commands = program.commands.map((command) => ({ text: command.name(), meaning: command.summary() }));
  if (name === undefined) return startingWith(current, [...commands, ...optionsOf(program, [])]);
  const command = program.commands.find((one) => one.name() === name);
  if (command === undefined) return NOTHING;
  const before = rest.at(-1);
  const taking = command.options.find(
    ({ short, long, required }) => required && before !== undefined && [short, long].includes(before),
  );
  if (taking !== undefined) return valuesOf(taking, current);
  const choices = command.registeredArguments[0]?.argChoices ?? [];
  const values = choices.map((text) => ({ text, meaning: '' }));
  return startingWith(current, current.startsWith('-') ? optionsOf(command, rest) : values);
}

function valuesOf({ long = '', argChoices = [] }: Option, current: string): Candidates {
  if (FILES.includes(long)) return { found: [], isFile: true };
  return startingWith(
    current,
    argChoices.map((text) => ({ text, meaning: '' })),
  );
}

/** The options that are not given yet. */
function optionsOf({ options }: Command, said: readonly string[]): Candidate[] {
  return options.flatMap(({ short, long = '', description }) =>
    said.includes(long) || (short !== undefined && said.includes(short))
      ? []
      : [{ text: long, meaning: description }],
  );
}

function startingWith(current: string, all: readonly Candidate[]): Candidates {
  return { found: all.filter(({ text }) => text.startsWith(current)), isFile: false };
}

/** The format that kubectl expects of its plugins, which is cobra’s: `text<TAB>meaning` and a directive at the end. */
export function printCandidates({ found, isFile }: Candidates): string {
  const lines = found.map(({ text, meaning }) => (meaning === '' ? text : `${text}\t${meaning}`));
  return [...lines, isFile ? ':0' : ':4', ''].join('\n');
}
