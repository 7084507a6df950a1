/** The page's files as texts. scripts/build.ts puts the texts in place of this module, so that a bundle needs no files. */
import { readFileSync } from 'node:fs';

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

export const STYLE = read('page.css');
export const SCRIPT = read('page.js');
export const ICON = read('page.svg');
