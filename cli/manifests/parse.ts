import {
  type Document,
  type DocumentOptions,
  type ParseOptions,
  parseAllDocuments,
  type SchemaOptions,
} from 'yaml';
import { explain } from '../../runtime/explain.ts';
import { applyEdits } from './edit.ts';
import { lineEnd } from './layout.ts';
import { joinLines } from './lenient.ts';
import { Reading, TOO_DEEP } from './read.ts';
import { type Source, sourceOf } from './source.ts';
import { commentInJson, split } from './split.ts';

/** The library only finds the nodes; their values are read as kubectl reads them. */
const OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  schema: 'failsafe',
  resolveKnownTags: false,
  uniqueKeys: false,
  keepSourceTokens: true,
  prettyErrors: false,
};

/** Characters that YAML does not allow; kubectl refuses them, too (YAML 1.1, 5.1: `c-printable`). */
const FORBIDDEN = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** A part of the file, with the documents in it. */
export interface Stretch {
  readonly source: Source;
  readonly json: boolean;
  readonly documents: readonly Reading[];
}

/** Throws where `text` is not YAML. */
export function parse(text: string): Stretch[] {
  let before = 0;
  return split(text).map((slice) => {
    const stretch = parseSlice(slice.text, slice.json, text, before);
    before += slice.text.length;
    return stretch;
  });
}

/** Reads a part again after its text was edited. */
export function parseAgain(text: string, json: boolean): Stretch {
  return parseSlice(text, json, text, 0);
}

function parseSlice(text: string, json: boolean, file: string, offset: number): Stretch {
  // Behind a line of dashes kubectl reads JSON as YAML.
  const asJson = json && !text.startsWith('---');
  const forbidden = asJson ? undefined : FORBIDDEN.exec(text);
  if (forbidden)
    throw new Error(`this is no YAML: a control character ${place(file, offset + forbidden.index)}`);
  const source = sourceOf(text, asJson);
  const comment = json ? undefined : commentInJson(text);
  if (comment !== undefined)
    throw new Error(
      `this is no JSON: it has a comment, which kubectl does not read either; take it out, or write YAML ${place(file, offset + comment)}`,
    );
  const documents = compose(source.lines).map((document) => {
    const [error] = document.errors;
    if (error?.code === 'RESOURCE_EXHAUSTION')
      throw new Error(`this is no manifest: ${TOO_DEEP} ${place(file, offset + error.pos[0])}`);
    if (error !== undefined)
      throw new Error(`this is no YAML: ${error.message} ${place(file, offset + error.pos[0])}`);
    try {
      return new Reading(document, text, asJson);
    } catch (problem) {
      const [start = 0] = document.contents?.range ?? [];
      throw new Error(`this is no manifest: ${explain(problem)} (document ${place(file, offset + start)})`);
    }
  });
  return { source, json, documents };
}

function compose(text: string): Document.Parsed[] {
  const documents = [...parseAllDocuments(text, OPTIONS)];
  if (documents.every(isSound)) return documents;
  const bare = withoutComments(text, documents);
  const joined = joinLines(bare) ?? bare;
  const again = [...parseAllDocuments(joined, OPTIONS)];
  return again.every(isSound) ? again : documents;
}

/** The library fails at a comment in the first column within braces, so spaces replace it. */
function withoutComments(text: string, documents: readonly Document.Parsed[]): string {
  const blanks = documents
    .flatMap(({ errors }) => errors.map(({ pos }) => pos[0]))
    .filter((start) => text[start] === '#' && text[start - 1] === '\n')
    .map((start) => {
      const end = lineEnd(text, start + 1);
      return { start, end, text: ' '.repeat(end - start) };
    });
  return applyEdits(text, blanks) ?? text;
}

const isSound = ({ errors }: Document.Parsed): boolean => errors.length === 0;

function place(text: string, position: number): string {
  const lines = text.slice(0, position).split('\n');
  return `at line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
