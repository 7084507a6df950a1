import { isScalar, parseDocument } from 'yaml';
import { withKnownBreaks } from './source.ts';

const SEPARATOR = /[\u2028\u2029]/;

/**
 * The value of a scalar with separators of lines or paragraphs: they end a line as others do, but are part of the value
 * (go.yaml.in/yaml/v2 scannerc.go `read_line`). Undefined where there are none.
 */
export function readSeparated(scalar: string): string | undefined {
  if (!SEPARATOR.test(scalar)) return undefined;
  // As one line, as for the library they are ordinary characters.
  const joined = /^[|>]/.test(scalar)
    ? scalar.replaceAll(new RegExp(`([\\u2028\\u2029]) {0,${indentOf(scalar)}}`, 'g'), '$1')
    : scalar.replaceAll(/[ \t]*([\u2028\u2029])[ \t]*/g, '$1');
  const lines = joined.replaceAll(/[^\u2028\u2029]+/g, withKnownBreaks);
  const { contents, errors } = parseDocument(lines, { schema: 'failsafe', prettyErrors: false });
  return errors.length === 0 && isScalar(contents) ? String(contents.value) : undefined;
}

function indentOf(block: string): number {
  return /\n( *)[^ \n]/.exec(withKnownBreaks(block))?.[1]?.length ?? 0;
}
