import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

/** Puts the program of a thread, bundled, in place of the module that says where it is: so the whole stays one file. */
export function threadProgram(options: BuildOptions): Plugin {
  return {
    name: 'thread-program',
    setup(bundler) {
      bundler.onLoad({ filter: /\/large\/program\.ts$/ }, async ({ path }) => {
        const { program } = await import(path);
        const { outputFiles } = await build({
          ...options,
          entryPoints: [fileURLToPath(program)],
          format: 'cjs',
          bundle: true,
          write: false,
        });
        const [bundle] = outputFiles ?? [];
        if (bundle === undefined) throw new Error(`${program} gave no bundle`);
        return { contents: `export const program = ${JSON.stringify(bundle.text)};` };
      });
    },
  };
}
