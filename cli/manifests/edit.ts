/** `text` instead of what stands from `start` to `end`. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Carries them out; undefined where one would change what another puts. */
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

/** Edits without overlap; what is taken out twice goes once. */
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

/** A file that ends within a line does so after its last lines went, too. */
function keepLastLine(source: string, edit: Edit): Edit {
  const isLast = edit.text === '' && edit.end === source.length && !/[\n\r]$/.test(source);
  const newline = isLast ? /(?:\r?\n|\r)$/.exec(source.slice(0, edit.start)) : null;
  return newline === null ? edit : { ...edit, start: edit.start - newline[0].length };
}
