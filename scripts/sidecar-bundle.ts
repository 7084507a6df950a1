import type { BuildOptions } from 'esbuild';

/**
 * The sidecar is in every pod, so its bundle is as small as can be; an ES module would take 10 MiB more of memory, and
 * longer to start.
 */
export const SIDECAR_BUNDLE: BuildOptions = {
  entryPoints: [`${import.meta.dirname}/../sidecar/main.ts`],
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minify: true,
  legalComments: 'none',
  logLevel: 'warning',
};
