import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { explain } from '../../../runtime/explain.ts';
import { exclusively } from '../file-lock.ts';
import { fetchRelease } from './download.ts';
import { findGo, makeWithGo } from './go.ts';
import { type Say, withProgress } from './progress.ts';
import type { Recipe } from './recipe.ts';

const OVERALL_LIMIT_MS = 45 * 60_000;

/** The two ways to a file; replaced by tests. */
export interface Means {
  readonly fetchRelease: typeof fetchRelease;
  readonly findGo: () => Promise<string | undefined>;
  readonly makeWithGo: typeof makeWithGo;
}

const MEANS: Means = { fetchRelease, findGo: () => findGo(process.env), makeWithGo };

/**
 * Makes sure that the file of each recipe is there: by download, else with Go. Others who want something in `cache`
 * wait meanwhile, so that nothing is made twice.
 */
export async function obtain(
  recipes: readonly Recipe[],
  cache: string,
  say: Say,
  means = MEANS,
): Promise<void> {
  const isMissing = (recipe: Recipe) => !existsSync(recipe.path);
  if (!recipes.some(isMissing)) return;
  const abort = AbortSignal.timeout(OVERALL_LIMIT_MS);
  const work = async () => {
    const refusals = new Map<string, unknown>();
    for (const recipe of recipes.filter(isMissing)) {
      await mkdir(dirname(recipe.path), { recursive: true });
      if (await download(recipe, refusals, say, means, abort)) continue;
      await build(recipe, refusals, say, means, abort);
    }
  };
  const onWait = () => say('Another process is preparing the control plane; waiting for it');
  await exclusively(join(cache, 'lock'), work, onWait, abort);
}

/** `refusals` holds, by host, why it gave no download, so that none is asked in vain twice. */
async function download(
  { download: release, what, path }: Recipe,
  refusals: Map<string, unknown>,
  say: Say,
  means: Means,
  abort: AbortSignal,
): Promise<boolean> {
  if (release === undefined || refusals.has(hostOf(release.url))) return false;
  const fetch = () => means.fetchRelease(release, path, abort);
  try {
    await withProgress(say, `Downloading ${what}`, `about ${release.megabytes} MB`, fetch);
    return true;
  } catch (error) {
    abort.throwIfAborted();
    refusals.set(hostOf(release.url), error);
    say(`No download of ${what} (${explain(error)}); using Go modules`);
    return false;
  }
}

async function build(
  recipe: Recipe,
  refusals: ReadonlyMap<string, unknown>,
  say: Say,
  means: Means,
  abort: AbortSignal,
): Promise<void> {
  const { build: how, what, path } = recipe;
  const go = await means.findGo();
  if (go === undefined) throw new Error(withoutGo(recipe, refusals));
  const expected = how.kind === 'go-build' ? `the first time ${how.expected}` : 'a minute at most';
  const make = () => means.makeWithGo(go, how, path, abort);
  await withProgress(say, `Making ${what} from Go modules`, expected, make);
}

function withoutGo(
  { what, build: how, download: release }: Recipe,
  refusals: ReadonlyMap<string, unknown>,
): string {
  const tried =
    release === undefined
      ? 'There is no download for this platform'
      : `The download failed (${explain(refusals.get(hostOf(release.url)))})`;
  const assets =
    how.kind === 'go-build'
      ? 'or set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver and kube-controller-manager, '
      : '';
  return (
    `${what} is needed for the test control plane and could not be had. ${tried}, and no Go was found to build it ` +
    `with. Install Go 1.25 or newer, ${assets}or allow the download.`
  );
}

function hostOf(url: string): string {
  return new URL(url).host;
}
