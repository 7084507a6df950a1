import { type Command, InvalidArgumentError, Option } from 'commander';
import { isObjectName } from '../../runtime/object-names.ts';

const FORMATS = ['text', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** Of every command that asks a cluster. */
export interface ClusterOptions {
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
}

export interface OutputOptions {
  readonly output: Format;
}

export interface FollowerOptions {
  readonly follower?: string;
}

const KUBECONFIG_MEANING = 'kubeconfig file (KUBECONFIG, ~/.kube/config)';

export function withCluster(command: Command): Command {
  const meaning = 'where the controller is; detected if omitted';
  return withConnection(command.option('-n, --namespace <namespace>', meaning, objectName));
}

export function withConnection(command: Command): Command {
  return command
    .option('--kubeconfig <file>', KUBECONFIG_MEANING)
    .option('--context <name>', 'context in the kubeconfig');
}

/** As withCluster, of several at once. */
export function withClusters(command: Command): Command {
  const meaning = 'where the controller is; detected if omitted';
  return command
    .option('-n, --namespace <namespace>', meaning, objectName)
    .option('--kubeconfig <file>', KUBECONFIG_MEANING)
    .option('--context <name>', 'context in the kubeconfig; several show all sides of a topology', added);
}

function added(name: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, name];
}

export function withOutput(command: Command): Command {
  const output = new Option('-o, --output <format>', 'output format').choices(FORMATS).default('text');
  return command.addOption(output);
}

export function withFollower(command: Command, meaning: string): Command {
  return command.option('--follower <name>', meaning, objectName);
}

export function objectName(text: string): string {
  if (!isObjectName(text)) throw new InvalidArgumentError('It is not a valid object name.');
  return text;
}
