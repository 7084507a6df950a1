import { type Command, InvalidArgumentError, Option } from 'commander';
import { isObjectName } from '../../runtime/object-names.ts';

const FORMATS = ['text', 'json', 'yaml'] as const;
export type Format = (typeof FORMATS)[number];

/** Options of every command that connects to a cluster. */
export interface ClusterOptions {
  readonly namespace?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

export interface OutputOptions {
  readonly output: Format;
}

export interface FollowerOptions {
  readonly follower?: string;
}

export function withCluster(command: Command): Command {
  return withConnection(withNamespace(command));
}

export function withConnection(command: Command): Command {
  return withKubeconfig(command).option('--context <name>', 'context in the kubeconfig');
}

/** As withCluster, for several clusters at once. */
export function withClusters(command: Command): Command {
  const meaning = 'context in the kubeconfig; several show all sides of a topology';
  return withKubeconfig(withNamespace(command)).option('--context <name>', meaning, repeated);
}

function withNamespace(command: Command): Command {
  const meaning = 'where the controller is; detected if omitted';
  return command.option('-n, --namespace <namespace>', meaning, objectName);
}

function withKubeconfig(command: Command): Command {
  return command.option('--kubeconfig <file>', 'kubeconfig file (KUBECONFIG, ~/.kube/config)');
}

/** Parses an option that may be given several times. */
export function repeated(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
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
