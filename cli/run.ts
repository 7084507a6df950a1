import { Command, CommanderError } from 'commander';
import { VERSION } from '../contract/version.ts';
import { COMMANDS, type CommandName, type Declaration } from './commands/declarations.ts';
import { candidatesFor, printCandidates } from './completion/candidates.ts';
import { COMPLETE } from './completion/scripts.ts';
import { EXIT_CODES, type Outcome } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** The name by which users call the plugin. */
export const COMMAND_NAME = 'kubectl site-follower';

/** Width of help where there is no terminal. */
const HELP_COLUMNS = 100;

/** Gives the exit code. */
export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  let outcome: Outcome = 'done';
  const program = createProgram(terminal, async (name, command) => {
    outcome = await COMMANDS[name].run(terminal, command);
  });
  const [first, ...words] = args;
  if (first === COMPLETE) {
    terminal.out(printCandidates(candidatesFor(program, words)));
    return EXIT_CODES.done.code;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Commander has printed the message already.
    outcome = error.exitCode === 0 ? 'done' : 'usage';
  }
  return EXIT_CODES[outcome].code;
}

type OnCommand = (name: CommandName, command: Command) => Promise<void>;

export function createProgram(terminal: Terminal, onCommand: OnCommand): Command {
  const program = new Command(COMMAND_NAME)
    .description('Show which site is active, and what has followed.')
    .version(VERSION)
    .helpCommand(false)
    .exitOverride()
    .showHelpAfterError(`(${COMMAND_NAME} --help shows the usage)`)
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => terminal.size()?.columns ?? HELP_COLUMNS,
      getErrHelpWidth: () => HELP_COLUMNS,
      getOutHasColors: () => terminal.colour,
      getErrHasColors: () => false,
    });
  for (const [name, { summary, declare }] of Object.entries<Declaration>(COMMANDS)) {
    const description = `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
    const command = declare(program.command(name).summary(summary).description(description));
    command.action(() => onCommand(name as CommandName, command));
  }
  return program;
}
