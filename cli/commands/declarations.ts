import { Argument, type Command, Option } from 'commander';
import { PROGRAM } from '../../contract/names.ts';
import { VERSION } from '../../contract/version.ts';
import {
  objectName,
  repeated,
  withCluster,
  withClusters,
  withConnection,
  withFollower,
  withOutput,
} from '../cluster/options.ts';
import { SHELLS } from '../completion/scripts.ts';
import type { Outcome } from '../exit-codes.ts';
import { MANIFEST_FORMATS } from '../manifests/format.ts';
import type { Terminal } from '../terminal.ts';

export interface Declaration {
  readonly summary: string;
  /** Adds its arguments and options. */
  readonly declare: (command: Command) => Command;
  /** Options and arguments are as declared. */
  readonly run: (terminal: Terminal, command: Command) => Promise<Outcome>;
}

const views = () => import('../commands/views.ts');
const others = () => import('../commands/dispatch.ts');

/**
 * One row for each command, in the order of the help. What runs it is loaded only then, so that help does not wait for a
 * Kubernetes client, and `status` not for all that writes.
 */
export const COMMANDS = {
  status: {
    summary: 'show which site is active, since when, why, and what has followed',
    declare: (command) =>
      withOutput(withFollower(withClusters(command), 'only this follower')).option(
        '-w, --watch',
        'update the output with each change',
      ),
    run: async (terminal, command) => (await views()).status(terminal, command.opts()),
  },
  check: {
    summary: 'find problems, and say what to do about them',
    declare: (command) =>
      withOutput(withCluster(command))
        .option('--pre', 'before an installation: whether the cluster is ready for one')
        .option(
          '-f, --filename <file>',
          'with --pre: what is to be installed, as helm template prints it; may be repeated; - is the standard input',
          repeated,
        ),
    run: async (terminal, command) => (await others()).check(terminal, command.opts()),
  },
  history: {
    summary: 'show the last 50 moves, how long each site was active and how fast it was followed',
    declare: (command) =>
      withOutput(withFollower(withCluster(command), 'of this follower')).option('--chart', 'draw a timeline'),
    run: async (terminal, command) => (await views()).history(terminal, command.opts()),
  },
  switchover: {
    summary: 'move the primary of a CloudNativePG Cluster to another site, and watch what follows',
    declare: (command) =>
      withOutput(withFollower(withCluster(command), 'the primary of this follower'))
        .requiredOption('--to <site>', 'target site')
        .option('--to-context <name>', 'context of its cluster, where each site is one')
        .option('--dry-run', 'only show what would be done, and what prevents it')
        .option('--print', 'with --to-context: print the manifests instead')
        .option('-y, --yes', 'do not ask for confirmation'),
    run: async (terminal, command) => (await others()).switchover(terminal, command.opts()),
  },
  promote: {
    summary: 'promote the Cluster of a topology after the site of the primary was lost',
    declare: (command) =>
      withOutput(withFollower(withCluster(command), 'the Cluster of this follower'))
        .requiredOption('--to <site>', 'the site of the context, which is to be active')
        .option('--force', 'do it; without this it only shows what would be lost')
        .option('-y, --yes', 'do not ask for the name of the site'),
    run: async (terminal, command) => (await others()).promote(terminal, command.opts()),
  },
  explain: {
    summary: 'explain why a pod has a sidecar or not, and why it is ready or not',
    declare: (command) =>
      withOutput(withConnection(command))
        .argument('<pod>', 'its name', objectName)
        .option('-n, --namespace <namespace>', 'of the pod', objectName)
        .option(
          '--controller-namespace <namespace>',
          'where the controller is; detected if omitted',
          objectName,
        ),
    run: async (terminal, command) => (await views()).explain(terminal, command.opts(), command.args),
  },
  inject: {
    summary: 'print manifests with the sidecar in the pods that ask for it',
    declare: (command) =>
      withFile(command)
        .option('--image <image>', `image of the sidecar (SIDECAR_IMAGE; ${PROGRAM}:${VERSION})`)
        .option('--controller-namespace <namespace>', `where the controller is (POD_NAMESPACE; ${PROGRAM})`),
    run: async (terminal, command) => (await others()).inject(terminal, command.opts()),
  },
  uninject: {
    summary: 'print manifests without the sidecar',
    declare: withFile,
    run: async (terminal, command) => (await others()).uninject(terminal, command.opts()),
  },
  completion: {
    summary: 'print a completion script for a shell',
    declare: (command) =>
      command.addArgument(new Argument('<shell>', 'shell to complete for').choices(SHELLS)),
    run: async (terminal, command) => (await others()).completion(terminal, command.args),
  },
} as const satisfies Readonly<Record<string, Declaration>>;

export type CommandName = keyof typeof COMMANDS;

function withFile(command: Command): Command {
  const format = new Option('-o, --output <format>', 'output format; as in the input if omitted');
  return command
    .requiredOption(
      '-f, --filename <file>',
      'YAML or JSON with any number of objects; may be repeated; - is the standard input',
      repeated,
    )
    .addOption(format.choices(MANIFEST_FORMATS))
    .addHelpText(
      'after',
      `
The manifests go to the standard output, a line about each object to the standard error. Nothing is printed when an
object cannot be injected as it asks.`,
    );
}
