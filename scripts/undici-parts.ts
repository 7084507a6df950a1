import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

/** Of what undici exports, the file of each that the programs use. */
export const UNDICI_PARTS = {
  Agent: './lib/dispatcher/agent.js',
  Dispatcher: './lib/dispatcher/dispatcher.js',
  Pool: './lib/dispatcher/pool.js',
  ProxyAgent: './lib/dispatcher/proxy-agent.js',
  buildConnector: './lib/core/connect.js',
};

/** What these parts load and the programs never call: HTTP/2, SOCKS proxies, and bodies that are no texts. */
const ABSENT = /\/(client-h2|socks5-proxy-agent|web\/fetch\/body|web\/fetch\/formdata)(\.js)?$/;

/**
 * undici's index loads its mocks, caches, fetch and WebSocket too, and the built-ins behind them: 60 ms of a start, and
 * memory. As in that index, the methods of its API are put on the dispatcher.
 */
export function undiciParts(): Plugin {
  const resolveDir = dirname(createRequire(import.meta.url).resolve('undici'));
  const exported = Object.entries(UNDICI_PARTS).map(
    ([name, file]) => `import ${name} from '${file}';\nexport { ${name} };`,
  );
  const contents = `${exported.join('\n')}
import api from './lib/api/index.js';
Object.assign(Dispatcher.prototype, api);
// Of the Kubernetes client, whose own calls nothing makes.
export const { fetch } = globalThis;
`;
  return {
    name: 'undici-parts',
    setup(bundler) {
      // undici's own switch for bundles: without its second, experimental HTTP/1 parser.
      bundler.initialOptions.define = { ...bundler.initialOptions.define, esbuildDetection: 'true' };
      bundler.onResolve({ filter: /^undici$/ }, () => ({ path: 'parts', namespace: 'undici' }));
      bundler.onLoad({ filter: /.*/, namespace: 'undici' }, () => ({ contents, resolveDir }));
      bundler.onResolve({ filter: ABSENT }, ({ path, importer }) =>
        importer.startsWith(resolveDir) ? { path, namespace: 'undici-absent' } : undefined,
      );
      bundler.onLoad({ filter: /.*/, namespace: 'undici-absent' }, ({ path }) => ({
        contents: `module.exports = () => { throw new Error('${path} of undici is not in this bundle'); };`,
      }));
    },
  };
}
