import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

/**
 * Keeps what `import()` loads from the path `filter` as a text in the bundle, compiled only when it is called for; in
 * such a part too. Functions that are not called cost V8 as much at the start as others: reading past them takes it
 * 80 ms for a Kubernetes client, and 5 ms for a text of the same length. A deferred part has modules of its own: values
 * that are compared by identity must not cross.
 */
export function deferredBundle(filter: RegExp, options: BuildOptions): Plugin {
  return {
    name: 'deferred-bundle',
    setup(bundler) {
      const root = bundler.initialOptions.absWorkingDir ?? process.cwd();
      // esbuild writes this path into the bundle, which has to be the same wherever it is made.
      bundler.onResolve({ filter }, ({ path, resolveDir, kind }) =>
        kind === 'dynamic-import'
          ? { path: relative(root, join(resolveDir, path)), namespace: 'deferred' }
          : undefined,
      );
      bundler.onLoad({ filter: /.*/, namespace: 'deferred' }, async ({ path }) => {
        const file = join(root, path);
        const inner = { ...options, plugins: [...(options.plugins ?? []), deferredBundle(filter, options)] };
        const names = await exportsOf(file, options);
        return {
          contents: `${await loaderOf(file, inner)}
export const { ${names.join(', ')} } = load();`,
        };
      });
    },
  };
}

/** The same for packages whose default export is a function, until it is called the first time. */
export function deferredFunction(filter: RegExp, options: BuildOptions): Plugin {
  return {
    name: 'deferred-function',
    setup(bundler) {
      bundler.onResolve({ filter }, ({ path, kind }) =>
        kind === 'import-statement' ? { path, namespace: 'deferred-function' } : undefined,
      );
      bundler.onLoad({ filter: /.*/, namespace: 'deferred-function' }, async ({ path }) => ({
        contents: `${await loaderOf(fileURLToPath(import.meta.resolve(path)), options)}
let loaded;
export default (...args) => (loaded ??= load().default)(...args);`,
      }));
    },
  };
}

/** A module with a function `load` that gives the exports of the module at `path`. */
async function loaderOf(path: string, options: BuildOptions): Promise<string> {
  const { outputFiles } = await build({
    ...options,
    entryPoints: [path],
    format: 'cjs',
    bundle: true,
    write: false,
  });
  const [bundle] = outputFiles ?? [];
  if (bundle === undefined) throw new Error(`${path} gave no bundle`);
  return `
import { Script } from 'node:vm';
const source = ${JSON.stringify(`(function(require,module){${bundle.text}\n})`)};
function load() {
  const module = { exports: {} };
  // All but Node's own modules is in the bundle.
  const require = (id) => process.getBuiltinModule(id);
  new Script(source, { filename: 'deferred.cjs' }).runInThisContext()(require, module);
  return module.exports;
}
`;
}

async function exportsOf(path: string, options: BuildOptions): Promise<readonly string[]> {
  const { metafile } = await build({
    ...options,
    entryPoints: [path],
    format: 'esm',
    bundle: false,
    write: false,
    metafile: true,
  });
  return Object.values(metafile.outputs).flatMap((output) => output.exports);
}
