import { readPlain } from './scalar.ts';
import { isLeaf, isListValue, isMapValue, type Value } from './value.ts';

/** The style of the lines around. */
export interface BlockStyle {
  /** The indentation of a map in a map. */
  readonly step: number;
  /** Whether the items of a list are not indented below their key, as kubectl prints them. */
  readonly flush: boolean;
}

/** Texts that need no quotes, in braces either. */
const PLAIN = /^[A-Za-z0-9_/.$-][A-Za-z0-9_/.$()+=@~%:-]*( [A-Za-z0-9_/.$()+=@~%:-]+)*$/;
/** What a reader may take for a number, a date, a time or an indicator: `12:30`, `0o17`, `1e3`, `-`. */
const LIKE_A_NUMBER = /^[-+.]?[\d.][\da-fA-FxXoO_.:eETtZz+\- ]*$|^[-.+]+$|^-+ /;
const OTHER_LINE_BREAKS = /[\u007f-\u009f\u2028\u2029\ufeff]/g;

export function printScalar(value: Value): string {
  if (isListValue(value)) return '[]';
  if (isMapValue(value)) return '{}';
  if (typeof value === 'string') return printText(value);
  if (typeof value !== 'number' || Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return '.nan';
  return value > 0 ? '.inf' : '-.inf';
}

function printText(text: string): string {
  const isPlain =
    PLAIN.test(text) &&
    readPlain(text) === text &&
    !LIKE_A_NUMBER.test(text) &&
    !text.includes(': ') &&
    !text.endsWith(':');
  return isPlain ? text : quote(text);
}

export function quote(text: string): string {
  return JSON.stringify(text).replaceAll(
    OTHER_LINE_BREAKS,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The lines of a map or list that is not empty, without indentation. */
export function printBlock(value: Value, style: BlockStyle): string[] {
  if (isListValue(value)) return value.flatMap((item) => printItem(item, style));
  if (!isMapValue(value)) return printScalar(value).split('\n');
  return Object.entries(value).flatMap(([key, child]) => printPair(printText(key), child, style));
}

export function printItem(item: Value, style: BlockStyle): string[] {
  if (isLeaf(item)) return withText('-', item, 2);
  return printBlock(item, style).map((line, index) => (index === 0 ? '- ' : '  ') + line);
}

function printPair(key: string, value: Value, style: BlockStyle): string[] {
  if (isLeaf(value)) return withText(`${key}:`, value, style.step);
  return [`${key}:`, ...indent(printBlock(value, style), isListValue(value) && style.flush ? 0 : style.step)];
}

/** As a literal block where a text has several lines and that keeps it unchanged. */
function withText(head: string, value: Value, step: number): string[] {
  if (typeof value !== 'string' || !isLiteral(value)) return [`${head} ${printScalar(value)}`];
  const lines = value.split('\n');
  const chomp = lines.at(-1) === '' ? '' : '-';
  return [`${head} |${chomp}`, ...indent(chomp === '' ? lines.slice(0, -1) : lines, step)];
}

function isLiteral(text: string): boolean {
  return (
    text.includes('\n') && !/^\s|\n\n$/.test(text) && /^(?:[^\p{Cc}\p{Cf}\u2028\u2029]|\n)*$/u.test(text)
  );
}

export function indent(lines: readonly string[], columns: number): string[] {
  return lines.map((line) => (line === '' ? '' : ' '.repeat(columns) + line));
}

/** In flow style, on one line. */
export function printFlow(value: Value): string {
  if (isLeaf(value)) return printScalar(value);
  if (isListValue(value)) return `[${value.map(printFlow).join(', ')}]`;
  const pairs = Object.entries(isMapValue(value) ? value : {});
  return `{${pairs.map(([key, child]) => `${printText(key)}: ${printFlow(child)}`).join(', ')}}`;
}

/** `unit` is the indentation of a level; undefined prints a single line. Throws for what JSON cannot express. */
export function printJson(value: Value, unit: string | undefined, tight = false): string {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new Error(
      `JSON has no way to say ${printScalar(value)}, and kubectl refuses it: put quotes around it if it is a text`,
    );
  }
  if (typeof value === 'bigint') return String(value);
  if (isLeaf(value)) return typeof value === 'string' ? quote(value) : JSON.stringify(value);
  const colon = tight ? ':' : ': ';
  const parts = isListValue(value)
    ? value.map((item) => printJson(item, unit, tight))
    : Object.entries(value as object).map(
        ([key, child]) => quote(key) + colon + printJson(child as Value, unit, tight),
      );
  const [open, close] = isListValue(value) ? '[]' : '{}';
  if (unit === undefined) return open + parts.join(tight ? ',' : ', ') + close;
  const lines = parts.join(',\n').replaceAll('\n', `\n${unit}`);
  return `${open}\n${unit}${lines}\n${close}`;
}
