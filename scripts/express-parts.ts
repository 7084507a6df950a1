import type { Plugin } from 'esbuild';

/** What express exports for servers that read bodies or serve a folder; ours do neither. */
const ABSENT = /^(body-parser|serve-static)$/;

/**
 * express loads at once what parses bodies, with tables of every character set of the world: half a megabyte of text that Node
 * keeps for as long as it runs, and zlib.
 */
export function expressParts(): Plugin {
  return {
    name: 'express-parts',
    setup(bundler) {
      bundler.onResolve({ filter: ABSENT }, ({ path, importer }) =>
        importer.includes('/express/') ? { path, namespace: 'express-absent' } : undefined,
      );
      bundler.onLoad({ filter: /.*/, namespace: 'express-absent' }, () => ({
        contents: 'module.exports = {};',
      }));
    },
  };
}
