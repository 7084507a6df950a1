import stringWidth from 'string-width';
import { plain } from './plain.ts';

/** Only {@link print} turns it into text, so that no escape sequences of others get through. */
export type Piece = string | Styled;

export interface Styled {
  readonly text: string;
  readonly style: Style;
}

/** One line of the screen, or one cell of a table. */
export type Line = readonly Piece[];

export type Style = keyof typeof CODES;

/** SGR codes: on and off. */
const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

export const styled =
  (style: Style) =>
  (text: string): Styled => ({ text, style });
export const bold = styled('bold');
export const dim = styled('dim');
export const red = styled('red');
export const green = styled('green');
export const yellow = styled('yellow');
export const cyan = styled('cyan');

export function print(lines: readonly Line[], colour: boolean): string {
  return lines
    .map(
      (line) =>
        `${line
          .map((piece) => paint(piece, colour))
          .join('')
          .trimEnd()}\n`,
    )
    .join('');
}

function paint(piece: Piece, colour: boolean): string {
  const text = textOf(piece);
  if (typeof piece === 'string' || !colour || text === '') return text;
  const [on, off] = CODES[piece.style];
  return `\u001b[${on}m${text}\u001b[${off}m`;
}

function textOf(piece: Piece): string {
  return plain(typeof piece === 'string' ? piece : piece.text);
}

/** In columns. */
export function widthOf(line: Line): number {
  return line.reduce((width, piece) => width + widthOfText(textOf(piece)), 0);
}

/** One column for each character, as string-width says, too; it is called for other texts only. */
const NARROW = /^[\u0020-\u007e…–’✓✗→·▁-█]*$/;

function widthOfText(text: string): number {
  return NARROW.test(text) ? text.length : stringWidth(text);
}

/** Cuts a line to `width` columns, the last of them an ellipsis. */
export function fit(line: Line, width: number): Line {
  if (widthOf(line) <= width) return line;
  let left = width - 1;
  const kept: Piece[] = [];
  for (const piece of line) {
    const [head, rest] = split(textOf(piece), left, 0);
    kept.push(restyled(piece, rest === '' ? head : `${head}…`));
    if (rest !== '') break;
    left -= widthOfText(head);
  }
  return kept;
}

/** Breaks between words, and within a word only where it is longer than `width`. */
export function wrap(line: Line, width: number): Line[] {
  if (widthOf(line) <= width) return [line];
  const lines: Piece[][] = [[]];
  let left = width;
  for (const piece of line) {
    for (const word of textOf(piece).split(/(?<= )/)) {
      let rest = word;
      if (widthOfText(rest.trimEnd()) > left && left < width) left = next(lines, width);
      while (widthOfText(rest.trimEnd()) > width) {
        const [head, tail] = split(rest, width, 1);
        lines.at(-1)?.push(restyled(piece, head));
        left = next(lines, width);
        rest = tail;
      }
      lines.at(-1)?.push(restyled(piece, rest));
      left -= widthOfText(rest);
    }
  }
  return lines;
}

function next(lines: Piece[][], width: number): number {
  lines.push([]);
  return width;
}

/** The head that fits into `width` columns, but has at least `least` characters, and the rest. */
function split(text: string, width: number, least: 0 | 1): readonly [string, string] {
  let head = '';
  for (const character of text) {
    if (head.length >= least && widthOfText(head + character) > width) break;
    head += character;
  }
  return [head, text.slice(head.length)];
}

function restyled(piece: Piece, text: string): Piece {
  return typeof piece === 'string' ? text : { ...piece, text };
}

/** Wraps a line behind `first`; the later lines are indented by its width. */
export function paragraph(first: Piece, line: Line, width: number): Line[] {
  const indent = widthOfText(textOf(first));
  return wrap(line, Math.max(width - indent, 10)).map((part, index) => [
    index === 0 ? first : ' '.repeat(indent),
    ...part,
  ]);
}
