/** `node scripts/performance-docs.ts FILE`: writes a run of `make bench` into docs/performance.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { table, withGenerated } from './markdown.ts';

const PAGE = new URL('../docs/performance.md', import.meta.url);
const BEGIN =
  '<!-- Written by `node scripts/performance-docs.ts FILE` from the JSON of a run of `make bench`. -->';

/** What the page needs of the file; bench/results.ts writes more. */
const RUN = z.object({
  machine: z.object({
    at: z.string(),
    commit: z.string(),
    node: z.string(),
    cpu: z.string(),
    cores: z.number(),
    loadBefore: z.number(),
  }),
  summary: z
    .array(
      z.object({
        what: z.string(),
        figures: z.string(),
        target: z.object({ text: z.string(), met: z.boolean() }).optional(),
      }),
    )
    .min(1),
});

/** `page` with the figures of the run whose JSON is `json`. */
export function withRun(page: string, json: string): string {
  return withGenerated('docs/performance.md', page, BEGIN, describeRun(json));
}

function describeRun(json: string): string {
  const { machine, summary } = RUN.parse(JSON.parse(json));
  const { at, commit, node, cpu, cores, loadBefore } = machine;
  const rows = summary.map(({ what, figures, target }) => [
    what,
    figures.trim().replaceAll(/ {2,}/g, ' · '),
    target === undefined ? '–' : `${target.text}, ${target.met ? 'met' : '**missed**'}`,
  ]);
  return [
    `Commit ${commit}, ${at.slice(0, 10)}, node ${node}, ${cores} × ${cpu}, load before the run ${loadBefore.toFixed(1)}.`,
    'Times are p50 · p95 · p99 · max; rows with … go on with the one above.',
    table(['', 'measured', 'target'], rows),
  ].join('\n\n');
}

if (import.meta.main) {
  const [, , file] = process.argv;
  if (file === undefined) throw new Error('say which file of bench/results/ it is');
  writeFileSync(PAGE, withRun(readFileSync(PAGE, 'utf8'), readFileSync(file, 'utf8')));
}
