import { connect, type KubeConnection } from '../../kubernetes/client.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { loadKube } from '../../kubernetes/kube-config.ts';
import { explain } from '../../runtime/explain.ts';
import { CommandError } from '../exit-codes.ts';
import type { Terminal } from '../terminal.ts';
import type { ClusterOptions } from './options.ts';

export interface Session {
  /** Ctrl-C ends its calls. */
  readonly api: KubeConnection;
  /** That of the kubeconfig's context. */
  readonly contextNamespace: string | undefined;
}

/** For a write of which Ctrl-C must not leave it unknown whether it was made. */
export const UNTIL_ANSWERED = { abort: new AbortController().signal } as const;

/** Connects to the cluster for `work`. Throws CommandError where the cluster does not answer. */
export async function withSession<T>(
  { env, clock, abort }: Pick<Terminal, 'env' | 'clock' | 'abort'>,
  { kubeconfig, context }: ClusterOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { kubeConfig, namespace } = load(
    kubeconfig === undefined ? env : { ...env, KUBECONFIG: kubeconfig },
    context,
  );
  const api = connect({ kubeConfig, clock, abort });
  try {
    return await work({ api, contextNamespace: namespace });
  } catch (error) {
    if (error instanceof KubeError && !abort.aborted) throw unreachable(error);
    throw error;
  } finally {
    await api.close();
  }
}

function load(...from: Parameters<typeof loadKube>): ReturnType<typeof loadKube> {
  try {
    return loadKube(...from);
  } catch (error) {
    throw new CommandError('unreachable', explain(error), error);
  }
}

const HINTS: Readonly<Record<number, string>> = {
  401: 'The credentials in your kubeconfig are invalid or have expired: log in again.',
  403: 'Ask for the permissions that docs/cli.md lists.',
};

function unreachable(error: KubeError): CommandError {
  const hint = HINTS[error.status];
  const text = explain(error);
  return new CommandError(
    'unreachable',
    hint === undefined ? text : `${text.replace(/\.$/, '')}. ${hint}`,
    error,
  );
}
