import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The text of all templates of a chart, subcharts left out. */
export async function templatesOf(chart: string): Promise<string> {
  const folder = join(chart, 'templates');
  const names = await readdir(folder, { recursive: true });
  const files = names.filter((name) => /\.(yaml|tpl)$/.test(name)).toSorted();
  return (await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')))).join('\n');
}
