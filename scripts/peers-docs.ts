/** `node scripts/peers-docs.ts FILE`: writes a run of `make peers` into docs/performance.md, and its picture beside it. */
import { readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { figuresOf } from '../bench/figures.ts';
import { table, withGenerated } from './markdown.ts';
import { duration, type PeersPicture, peersSvg } from './peers-svg.ts';

const DOCS = new URL('../docs/', import.meta.url);
const PAGE = new URL('performance.md', DOCS);
const PICTURE = new URL('peers.svg', DOCS);
const BEGIN = '<!-- Written by `node scripts/peers-docs.ts FILE` from the JSON of a run of `make peers`. -->';

/** As bench/peers/comparison.ts has it. */
const RUN = z.object({
  machine: z.object({
    at: z.string(),
    node: z.string(),
    cpu: z.string(),
    cores: z.number(),
    loadBefore: z.number(),
  }),
  comparisons: z
    .array(
      z.object({
        what: z.string(),
        ways: z
          .array(
            z.object({
              name: z.string(),
              samples: z.array(z.number()),
              documented: z.object({ upToMs: z.number(), source: z.string() }).optional(),
            }),
          )
          .min(1),
      }),
    )
    .min(1),
});

/** What the picture shows of the run whose JSON is `json`. */
export function pictureOf(json: string): PeersPicture {
  const { machine, comparisons } = RUN.parse(JSON.parse(json));
  const { at, node, cpu, cores, loadBefore } = machine;
  return {
    run: `${at.slice(0, 10)}, ${cores} × ${cpu}, node ${node}, load before the run ${loadBefore.toFixed(1)}`,
    groups: comparisons.map(({ what, ways }) => ({
      what,
      rows: ways.map(({ name, samples, documented }) => ({
        name,
        ...(samples.length > 0 ? { measured: rounded(samples) } : {}),
        ...(documented === undefined ? {} : { documented }),
      })),
    })),
  };
}

/** `page` with the tables of the picture's figures. */
export function withPeers(page: string, picture: PeersPicture): string {
  return withGenerated('docs/performance.md', page, BEGIN, describe(picture));
}

function rounded(samples: readonly number[]) {
  const { count, p50, p99, max } = figuresOf(samples);
  return { count, p50: Math.round(p50), p99: Math.round(p99), max: Math.round(max) };
}

function describe({ run, groups }: PeersPicture): string {
  const tables = groups.map(({ what, rows }) => {
    const own = rows[0]?.measured?.p50;
    const cells = rows.map(({ name, measured, documented }) =>
      measured === undefined
        ? [
            name,
            `not measured; up to ${duration(documented?.upToMs ?? Number.NaN)} by [its documentation](${documented?.source})`,
            '–',
            '–',
            '–',
            '–',
          ]
        : [
            name,
            duration(measured.p50),
            duration(measured.p99),
            duration(measured.max),
            String(measured.count),
            own === undefined ? '–' : `× ${(measured.p50 / own).toFixed(1)}`,
          ],
    );
    return table([what, 'p50', 'p99', 'max', 'n', 'p50 beside ours'], cells);
  });
  const alternative = groups.map(({ what }) => what).join('; ');
  return [`One run: ${run}.`, ...tables, `![${alternative}](peers.svg)`].join('\n\n');
}

if (import.meta.main) {
  const [, , file] = process.argv;
  if (file === undefined) throw new Error('say which file of bench/results/ it is');
  const picture = pictureOf(readFileSync(file, 'utf8'));
  writeFileSync(PAGE, withPeers(readFileSync(PAGE, 'utf8'), picture));
  writeFileSync(PICTURE, peersSvg(picture));
}
