import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = new URL('../../', import.meta.url).pathname;

export interface Document {
  /** Below the repository, such as `docs/dns.md`. */
  readonly path: string;
  readonly text: string;
}

export interface Block {
  readonly path: string;
  /** Of its first line in the file, from 1. */
  readonly line: number;
  /** What stands behind the fence; `indented` for a block without one. */
  readonly language: string;
  readonly text: string;
}

/** All that people read: the files of the root and of docs/. */
export function documents(): readonly Document[] {
  const names = readdirSync(ROOT).filter((name) => name.endsWith('.md'));
  const below = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' });
  const docs = below.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`);
  return [...names, ...docs].map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
}

/** The code blocks: fenced ones, and those that are indented by four spaces behind an empty line. */
export function blocksOf({ path, text }: Document): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const fence = /^```(\S*)/.exec(lines[index] ?? '');
    const isIndented = /^ {4}\S/.test(lines[index] ?? '') && (lines[index - 1] ?? '') === '';
    if (fence === null && !isIndented) continue;
    const first = fence === null ? index : index + 1;
    const goesOn = (line: string | undefined) =>
      line !== undefined && (fence === null ? /^( {4}|$)/.test(line) : !line.startsWith('```'));
    let end = first;
    while (goesOn(lines[end])) end += 1;
    const body = lines.slice(first, end).map((line) => (fence === null ? line.slice(4) : line));
    blocks.push({
      path,
      line: first + 1,
      language: fence?.[1] ?? 'indented',
      text: body.join('\n').trimEnd(),
    });
    index = end - (fence === null ? 1 : 0);
  }
  return blocks;
}

/** The text without code, where what looks like a link is none. */
export function proseOf({ text }: Document): string {
  return text
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .replaceAll(/`[^`\n]*`/g, '')
    .replaceAll(/^ {4}.*$/gm, '');
}

/** As Markdown renderers make them of headings. */
export function anchorsOf({ text }: Document): ReadonlySet<string> {
  const headings = [...text.replaceAll(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm)];
  return new Set(
    headings.map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
}
