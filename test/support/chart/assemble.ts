/**
 * The chart with its dependency in place, as `helm dependency update` would leave it, from a fake:
 * `node test/support/chart/assemble.ts FOLDER` writes it there.
 */
import { cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findCnpgManifest } from '../binaries/cnpg.ts';
import { writeFakeChart } from './fake-operator-chart.ts';

export const CHART = join(import.meta.dirname, '../../../charts/kube-site-follower');

interface ChartFile {
  readonly dependencies: readonly { readonly name: string; readonly version: string }[];
}

/** Replaces whatever is in `folder`. */
export async function assembleChart(folder: string): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await cp(CHART, folder, { recursive: true });
  const { dependencies } = parse(await readFile(join(CHART, 'Chart.yaml'), 'utf8')) as ChartFile;
  const [operator] = dependencies;
  if (operator?.name !== 'cloudnative-pg')
    throw new Error('Chart.yaml does not depend on cloudnative-pg first');
  const { file, version: appVersion } = await findCnpgManifest();
  const charts = join(folder, 'charts', operator.name);
  await writeFakeChart(charts, {
    manifest: await readFile(file, 'utf8'),
    version: operator.version,
    appVersion,
  });
  return folder;
}

if (import.meta.main) {
  const [folder] = process.argv.slice(2);
  if (folder === undefined) throw new Error('Say where: node test/support/chart/assemble.ts FOLDER');
  process.stdout.write(`${await assembleChart(folder)}\n`);
}
