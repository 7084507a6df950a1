import { parse, stringify } from 'yaml';
import type { Certified } from './certificates.ts';

export interface KubeconfigOptions {
  readonly server: string;
  /** PEM text of the authority that signed the server's certificate. */
  readonly authority: string;
  readonly user: Certified;
  /** The context's namespace. Default: none. */
  readonly namespace?: string;
}

/** The text of a kubeconfig with everything in it, for `KUBECONFIG`. */
export function kubeconfig({ server, authority, user, namespace }: KubeconfigOptions): string {
  const name = 'test';
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster: { server, 'certificate-authority-data': base64(authority) } }],
    users: [
      {
        name,
        user: {
          'client-certificate-data': base64(user.certificate),
          'client-key-data': base64(user.key),
        },
      },
    ],
    contexts: [
      { name, context: { cluster: name, user: name, ...(namespace === undefined ? {} : { namespace }) } },
    ],
    'current-context': name,
  });
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: object }[];
  readonly users: readonly { readonly user: object }[];
  readonly contexts: readonly { readonly context: object }[];
}

/** One with a context for each of `texts`, by the names that are its keys; the first one is the current one. */
export function mergeKubeconfigs(texts: Readonly<Record<string, string>>): string {
  const parts = Object.entries(texts).map(([name, text]) => ({ name, ...(parse(text) as Kubeconfig) }));
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: parts.map(({ name, clusters: [cluster] }) => ({ ...cluster, name })),
    users: parts.map(({ name, users: [user] }) => ({ ...user, name })),
    contexts: parts.map(({ name, contexts: [context] }) => ({
      name,
      context: { ...context?.context, cluster: name, user: name },
    })),
    'current-context': parts[0]?.name,
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
