/** What a run has measured: a table for people, the same as JSON, and pictures of what followed what. */
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { figuresOf } from '../../../bench/figures.ts';
import { type Panel, timelineSvg } from './timeline-svg.ts';

export interface Row {
  readonly what: string;
  readonly figures: string;
  readonly note: string;
}

export class Results {
  readonly #rows: Row[] = [];
  readonly #panels: Panel[] = [];
  readonly #data: Record<string, unknown> = {};

  row(what: string, figures: string, note = ''): void {
    this.#rows.push({ what, figures, note });
  }

  /** Milliseconds; nothing is told of no samples. */
  times(what: string, samples: readonly number[], note = ''): void {
    if (samples.length === 0) return;
    const { count, p50, p99, max } = figuresOf(samples);
    const [half, almost, most] = [p50, p99, max].map((ms) => Math.round(ms).toLocaleString('en'));
    this.row(
      what,
      count === 1 ? `${most} ms` : `p50 ${half}, p99 ${almost}, max ${most} ms, n=${count}`,
      note,
    );
  }

  panel(panel: Panel): void {
    this.#panels.push(panel);
  }

  /** For those who want to look closer. */
  keep(name: string, value: unknown): void {
    this.#data[name] = value;
  }

  /** Resolves to the folder. */
  async write(machine: Readonly<Record<string, string>>): Promise<string> {
    const folder = fileURLToPath(new URL('../results/', import.meta.url));
    await mkdir(folder, { recursive: true });
    const at = new Date().toISOString();
    const load = loadavg()
      .map((value) => value.toFixed(1))
      .join(' ');
    const about = { at, ...machine, cores: String(cpus().length), load };
    const table = [
      '# Measured on a real cluster',
      '',
      Object.entries(about)
        .map(([name, value]) => `${name}: ${value}`)
        .join(', '),
      '',
      '| what | measured | |',
      '| --- | --- | --- |',
      ...this.#rows.map(({ what, figures, note }) => `| ${what} | ${figures} | ${note} |`),
      '',
    ].join('\n');
    await writeFile(`${folder}results.md`, table);
    await writeFile(
      `${folder}results.json`,
      `${JSON.stringify({ about, rows: this.#rows, ...this.#data }, undefined, 1)}\n`,
    );
    await writeFile(`${folder}timeline.svg`, timelineSvg(this.#panels));
    console.log(`\n${table}\nAlso in ${folder}, with a picture.`);
    return folder;
  }
}
