import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type Line, print } from '../text/line.ts';

const FOLDER = new URL('../../test/golden/cli/', import.meta.url);

/** The widths that captures are kept at. */
export const WIDTHS = [80, 120] as const;

/**
 * Compares what a terminal of each width would show with the capture in test/golden/cli; no line may be wider.
 * `UPDATE_GOLDENS=1` writes them instead; a person reads the difference.
 */
export function assertCaptures(name: string, render: (width: number) => readonly Line[]): void {
  for (const width of WIDTHS) {
    const text = print(render(width), false);
    const file = new URL(`${name}.${width}.txt`, FOLDER);
    for (const line of text.split('\n')) assert.ok(line.length <= width, `wider than ${width}: ${line}`);
    if (process.env.UPDATE_GOLDENS === '1') {
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, text);
    }
    assert.equal(text, readFileSync(file, 'utf8'), `${name} at ${width} columns`);
  }
}
