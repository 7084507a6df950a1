import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const PACKAGE = '/@kubernetes/client-node/';

/**
 * Only what the kubeconfig needs. The package does not say that its modules can be left out: all the models that it
 * generates would take 12 MiB. It makes an agent for SOCKS proxies, which connection.ts refuses and never asks.
 */
export function kubernetesClientParts(): Plugin {
  return {
    name: 'kubernetes-client-parts',
    setup(bundler) {
      bundler.onResolve({ filter: /^\.\.?\// }, ({ resolveDir, path }) =>
        resolveDir.includes(PACKAGE) ? { path: join(resolveDir, path), sideEffects: false } : undefined,
      );
      bundler.onResolve({ filter: /^socks(-proxy-agent)?$/ }, ({ importer, path }) =>
        importer.includes(PACKAGE) ? { path, namespace: 'socks-absent' } : undefined,
      );
      bundler.onLoad({ filter: /.*/, namespace: 'socks-absent' }, () => ({
        contents: 'export class SocksProxyAgent {}\nexport class SocksClient {}',
      }));
    },
  };
}
