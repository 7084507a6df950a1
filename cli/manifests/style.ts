import { isMap, type ParsedNode } from 'yaml';
import { type Collection, columnOf, entriesOf, isCollection } from './layout.ts';
import type { BlockStyle } from './print.ts';

const USUAL: BlockStyle = { step: 2, flush: false };

/** The style of the lines in `parent`, else of the first of their kind in the document. */
export function styleIn(source: string, contents: ParsedNode | null, parent: Collection): BlockStyle {
  return { ...USUAL, ...found(source, contents, 0), ...ofChildren(source, parent) };
}

/** Deep enough for the head of any manifest. */
const DEPTH = 8;

function found(source: string, node: ParsedNode | null, depth: number): Partial<BlockStyle> {
  if (!isCollection(node) || node.flow === true || depth > DEPTH) return {};
  let style = ofChildren(source, node);
  for (const { value } of entriesOf(node)) {
    if (style.step !== undefined && style.flush !== undefined) break;
    style = { ...found(source, value, depth + 1), ...style };
  }
  return style;
}

function ofChildren(source: string, parent: Collection): Partial<BlockStyle> {
  if (!isMap(parent) || parent.flow === true) return {};
  const columns = entriesOf(parent).flatMap(({ start, value }) => {
    const first = isCollection(value) && value.flow !== true ? entriesOf(value)[0] : undefined;
    return first
      ? [{ isMap: isMap(value), by: columnOf(source, first.start) - columnOf(source, start) }]
      : [];
  });
  const map = columns.find((column) => column.isMap);
  const list = columns.find((column) => !column.isMap);
  return { ...(map && { step: map.by }), ...(list && { flush: list.by === 0 }) };
}
