import { type BuildOptions, build, type Plugin } from 'esbuild';

/**
 * Keeps what `import()` loads from the path `filter` as a text in the bundle, compiled only when it is called for.
 * Functions that are not called cost V8 as much at the start as others: reading past them takes it 80 ms for a Kubernetes
 * client, and 5 ms for a text of the same length. The deferred part has modules of its own: values that
 * are compared by identity must not cross.
 */
export function deferredBundle(filter: RegExp, options: BuildOptions): Plugin {
  return {
    name: 'deferred-bundle',
    setup(bundler) {
      bundler.onResolve({ filter }, ({ path, resolveDir, kind }) =>
        kind === 'dynamic-import'
          ? { path: new URL(path, `file://${resolveDir}/`).pathname, namespace: 'deferred' }
          : undefined,
      );
      bundler.onLoad({ filter: /.*/, namespace: 'deferred' }, async ({ path }) => {
        const { outputFiles } = await build({
          ...options,
          entryPoints: [path],
          format: 'cjs',
          bundle: true,
          write: false,
        });
        const [bundle] = outputFiles;
        if (bundle === undefined) throw new Error(`${path} gave no bundle`);
        const contents = `
import { createRequire } from 'node:module';
import { compileFunction } from 'node:vm';
const module = { exports: {} };
const source = ${JSON.stringify(bundle.text)};
compileFunction(source, ['require', 'module'], { filename: 'deferred.cjs' })(createRequire(import.meta.url), module);
export const { ${(await exportsOf(path, options)).join(', ')} } = module.exports;
`;
        return { contents, loader: 'js' };
      });
    },
  };
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
