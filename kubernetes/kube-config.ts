import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { explain } from '../runtime/explain.ts';

export type { KubeConfig } from '@kubernetes/client-node';

export interface LoadedKubeConfig {
  readonly kubeConfig: KubeConfig;
  /** The namespace of the current context, or of the pod; undefined when it names none. */
  readonly namespace: string | undefined;
  /** For the log: where it was read from. */
  readonly source: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/**
 * KUBECONFIG (several files are merged), else the pod's service account, else ~/.kube/config. `contextName` goes
 * before the current context. Throws an Error that says what is missing and what to do.
 */
export function loadKube(env: Environment, contextName?: string): LoadedKubeConfig {
  const { kubeConfig, source } = find(env);
  if (contextName !== undefined) {
    const known = kubeConfig.getContexts().map(({ name }) => name);
    if (!known.includes(contextName)) {
      throw new Error(`${source} has no context ${contextName}; there are: ${known.join(', ') || 'none'}`);
    }
    kubeConfig.setCurrentContext(contextName);
  }
  const context = kubeConfig.getContextObject(kubeConfig.getCurrentContext());
  if (context === null || kubeConfig.getCurrentCluster() === null) {
    throw new Error(
      `${source} has no usable current-context: it must name a context whose cluster is in the file. ` +
        'Choose one with: kubectl config use-context NAME',
    );
  }
  return { kubeConfig, namespace: context.namespace?.trim() || undefined, source };
}

function find(env: Environment): { kubeConfig: KubeConfig; source: string } {
  const files = (env.KUBECONFIG ?? '').split(delimiter).filter((file) => file !== '');
  if (files.length > 0) {
    const { kubeConfig, read } = readAll(files);
    return { kubeConfig, source: `KUBECONFIG (${read.join(', ')})` };
  }

  if (env.KUBERNETES_SERVICE_HOST && existsSync(SERVICE_ACCOUNT_TOKEN)) {
    const kubeConfig = new KubeConfig();
    kubeConfig.loadFromCluster();
    return { kubeConfig, source: 'the service account of the pod' };
  }
  const file = env.HOME === undefined ? undefined : join(env.HOME, '.kube', 'config');
  if (file !== undefined && existsSync(file)) return { kubeConfig: readAll([file]).kubeConfig, source: file };
  throw new Error(
    'No Kubernetes configuration found: KUBECONFIG is not set, this is not a pod with a service account token, ' +
      'and there is no ~/.kube/config. Set KUBECONFIG to the file of your cluster.',
  );
}

/**
 * The first file that names a current context decides it, and a missing one of several is ignored, both as with kubectl:
 * https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#merging-kubeconfig-files
 */
function readAll(files: readonly string[]): { kubeConfig: KubeConfig; read: readonly string[] } {
  const kubeConfig = new KubeConfig();
  const read: string[] = [];
  for (const file of files) {
    try {
      const part = new KubeConfig();
      part.loadFromFile(file);
      kubeConfig.mergeConfig(part, Boolean(kubeConfig.getCurrentContext()));
      read.push(file);
    } catch (cause) {
      if (files.length > 1 && isMissing(cause)) continue;
      throw new Error(`Cannot use the kubeconfig file ${file}: ${explain(cause)}`, { cause });
    }
  }
  if (read.length === 0) {
    throw new Error(
      `None of the files of KUBECONFIG exists: ${files.join(', ')}. Set it to the file of your cluster.`,
    );
  }
  return { kubeConfig, read };
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
