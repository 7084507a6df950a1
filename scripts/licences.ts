import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';

const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/;
const TEXTS = /^(licen[cs]e|copying|notice)(\W.*)?$/i;

export interface Package {
  readonly name: string;
  readonly version: string;
  readonly licence: string | undefined;
}

/** Which packages go into bundles, and under what terms: whoever passes them on has to pass these on as well. */
export class BundledPackages {
  readonly #folders = new Set<string>();

  /** To be the first of a build's plugins: it only looks on. */
  get plugin(): Plugin {
    return {
      name: 'bundled-packages',
      setup: (bundler) => {
        bundler.onLoad({ filter: /\/node_modules\// }, ({ path }) => {
          const [folder] = PACKAGE.exec(path) ?? [];
          if (folder !== undefined) this.#folders.add(folder);
          return undefined;
        });
      },
    };
  }

  /** All of them, by name. */
  async list(): Promise<readonly Package[]> {
    const packages = await Promise.all([...this.#folders].map(packageIn));
    return packages.sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
  }

  /** The texts of all of them, by name. */
  async texts(): Promise<string> {
    const parts = await Promise.all([...this.#folders].map(licenceOf));
    return parts.sort().join(`\n${'-'.repeat(80)}\n\n`);
  }
}

async function packageIn(folder: string): Promise<Package> {
  const { name, version, license } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly version: string;
    readonly license?: string;
  };
  return { name, version, licence: license };
}

async function licenceOf(folder: string): Promise<string> {
  const { name, version, licence } = await packageIn(folder);
  const files = (await readdir(folder)).filter((file) => TEXTS.test(file)).sort();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
  if (texts.length === 0 && licence === undefined) throw new Error(`${name} says nothing of its licence`);
  const none = 'The package has no text of it; the name stands for the text at https://spdx.org/licenses/.';
  return `${name} ${version}\nLicence: ${licence ?? 'see below'}\n\n${texts.length === 0 ? none : texts.map((text) => text.trim()).join('\n\n')}\n`;
}
