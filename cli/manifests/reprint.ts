import { applyEdits, type Edit } from './edit.ts';
import { isLineHead, lineStart, nextLine, nodeEnd } from './layout.ts';
import type { Stretch } from './parse.ts';
import { printBlock, printJson } from './print.ts';
import type { Reading } from './read.ts';
import type { Source } from './source.ts';
import type { Value } from './value.ts';

interface Changed {
  readonly reading: Reading;
  readonly value: Value;
}

/**
 * Reformats documents, without their comments and anchors: for a change that no edit can make, such as the removal of a
 * merged key.
 */
export function reprint({ source, json }: Stretch, changed: readonly Changed[]): string {
  const printed = applyEdits(
    source.text,
    changed.flatMap(({ reading, value }) => replace(source, json, reading, value)),
  );
  if (printed === undefined) throw new Error('two documents are in one place');
  return printed;
}

function replace(
  { lines: text, newline }: Source,
  json: boolean,
  { contents }: Reading,
  value: Value,
): Edit[] {
  if (contents === null) return [];
  const [start, end] = [contents.range[0], nodeEnd(contents)];
  if (json) return [{ start, end, text: printJson(value, '  ').replaceAll('\n', newline) }];
  const printed = printBlock(value, { step: 2, flush: false }).join(newline) + newline;
  if (!isLineHead(text, start)) return [{ start, end: nextLine(text, end), text: newline + printed }];
  return [{ start: lineStart(text, start), end: nextLine(text, end), text: printed }];
}
