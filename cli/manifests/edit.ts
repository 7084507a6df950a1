/** Replaces the text from `start` to `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Undefined where two edits overlap. */
export function applyEdits(source: string, edits: readonly Edit[]): string | undefined {
  const inOrder = merged(edits.toSorted((one, other) => one.start - other.start || one.end - other.end));
  if (inOrder === undefined) return undefined;
  let result = '';
  let position = 0;
  for (const { start, end, text } of inOrder.map((edit) => keepLastLine(source, edit))) {
    result += source.slice(position, start) + text;
    position = end;
  }
  return result + source.slice(position);
}

/** Merges deletions that overlap; undefined where other edits do. */
function merged(edits: readonly Edit[]): Edit[] | undefined {
  const result: Edit[] = [];
  for (const edit of edits) {
    const last = result.at(-1);
    if (last !== undefined && edit.start <= last.end && last.text === '' && edit.text === '') {
      result[result.length - 1] = { ...last, end: Math.max(last.end, edit.end) };
    } else if (last === undefined || edit.start >= last.end) result.push(edit);
    else return undefined;
  }
  return result;
}

/** A file without a newline at its end has none after its last lines were deleted either. */
function keepLastLine(source: string, edit: Edit): Edit {
  const isLast = edit.text === '' && edit.end === source.length && !/[\n\r]$/.test(source);
  const newline = isLast ? /(?:\r?\n|\r)$/.exec(source.slice(0, edit.start)) : null;
  return newline === null ? edit : { ...edit, start: edit.start - newline[0].length };
}
