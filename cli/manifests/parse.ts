import {
  type Document,
  type DocumentOptions,
  type ParseOptions,
  parseAllDocuments,
  type SchemaOptions,
} from 'yaml';
import { explain } from '../../kubernetes/errors.ts';
import { joinLines } from './lenient.ts';
import { type Reading, readDocument } from './read.ts';
import { split } from './split.ts';

/** The library finds what stands where; what that means is read as kubectl reads it. */
const OPTIONS: ParseOptions & DocumentOptions & SchemaOptions = {
  schema: 'failsafe',
  resolveKnownTags: false,
  uniqueKeys: false,
  keepSourceTokens: true,
  prettyErrors: false,
};

/** A stretch of the file, with the documents in it. */
export interface Stretch {
  readonly text: string;
  readonly json: boolean;
  readonly documents: readonly Reading[];
}

/** Throws where `text` is no YAML. */
export function parse(text: string): Stretch[] {
  let before = 0;
  return split(text).map((slice) => {
    const stretch = parseSlice(slice.text, slice.json, text, before);
    before += slice.text.length;
    return stretch;
  });
}

/** A stretch as it reads after a change of its text. */
export function parseAgain(text: string, json: boolean): Stretch {
  return parseSlice(text, json, text, 0);
}

function parseSlice(text: string, json: boolean, file: string, offset: number): Stretch {
  // Behind a line of dashes kubectl reads JSON as the YAML that it is, too.
  const asJson = json && !text.startsWith('---');
  const documents = compose(asJson ? text : withKnownBreaks(text)).map((document) => {
    const [error] = document.errors;
    if (error !== undefined)
      throw new Error(`this is no YAML: ${error.message} ${place(file, offset + error.pos[0])}`);
    try {
      return readDocument(document, asJson);
    } catch (problem) {
      const [start = 0] = document.contents?.range ?? [];
      throw new Error(`this is no manifest: ${explain(problem)} (document ${place(file, offset + start)})`);
    }
  });
  return { text, json, documents };
}

function compose(text: string): Document.Parsed[] {
  const documents = [...parseAllDocuments(text, OPTIONS)];
  if (documents.every(isSound)) return documents;
  const joined = joinLines(text);
  const again = joined === undefined ? documents : [...parseAllDocuments(joined, OPTIONS)];
  return again.every(isSound) ? again : documents;
}

const isSound = ({ errors }: Document.Parsed): boolean => errors.length === 0;

/** Further ends of lines for YAML 1.1, as kubectl reads them. */
function withKnownBreaks(text: string): string {
  return text.replaceAll(/\r(?!\n)|\u0085/g, '\n');
}

function place(text: string, position: number): string {
  const lines = text.slice(0, position).split('\n');
  return `at line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}
