import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where the project keeps what is expensive to get; safe to delete. */
export function cacheDirectory(env: NodeJS.ProcessEnv): string {
  return join(resolve(env.XDG_CACHE_HOME || join(homedir(), '.cache')), 'kube-site-follower');
}

/** The version that the go.mod of the recipe `folder` requires of `module`: the only place where it is written. */
export function requiredVersion(folder: string, module: string): string {
  const text = readFileSync(join(folder, 'go.mod'), 'utf8');
  const line = text.split('\n').find((row) =>
    row
      .replace(/^require\s+/, '')
      .trim()
      .startsWith(`${module} v`),
  );
  const version = line?.match(/ (v\S+)/)?.[1];
  if (version === undefined) throw new Error(`${folder}/go.mod requires no ${module}`);
  return version;
}

/** What is to be had for one file, in two ways. */
export interface Recipe {
  /** For messages: `kube-apiserver v1.34.4`. */
  readonly what: string;
  /** Where the finished file goes. */
  readonly path: string;
  readonly download: Download | undefined;
  readonly build: Build;
}

export interface Download {
  readonly url: string;
  /** The expected SHA-256 in hex, or where the publisher lists it: `<hex>` alone or lines of `<hex>  <file name>`. */
  readonly sha256: string | { readonly url: string };
  /** For an archive: the path of the wanted file in it. */
  readonly member?: string;
  /** As a hint for the reader: how much it is, in MB. */
  readonly megabytes: number;
}

export type Build =
  | {
      readonly kind: 'go-build';
      readonly folder: string;
      readonly package: string;
      readonly ldflags: string;
      /** As a hint for the reader: how long it takes on two cores with an empty build cache. */
      readonly expected: string;
    }
  | {
      readonly kind: 'go-module-file';
      readonly folder: string;
      readonly module: string;
      /** The path of the wanted file in the module. */
      readonly file: string;
    };
