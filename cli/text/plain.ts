/**
 * Makes texts of others harmless for a terminal. The API server checks object names, but ConfigMaps, annotations and
 * messages may have anything: escape sequences that move the cursor, hide text or type in the user’s name, and characters
 * that change the direction of writing.
 */

/** Control characters, line and paragraph separators, and format characters, which change direction or are invisible. */
const HAZARDS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** Line ends and tabs with the spaces around them; other spaces may be the layout of a table. */
const SPACE = /(?<! ) *[\t\r\n][ \t\r\n]*/g;

/** On one line, with hazards as `\x1b` or `\u202e`. */
export function plain(text: string): string {
  return text.replaceAll(SPACE, ' ').replaceAll(HAZARDS, visible);
}

/** The same for JSON, with its own escapes. */
export function plainJson(json: string): string {
  return json.replaceAll(HAZARDS, (character) =>
    character === '\n'
      ? character
      : units(character)
          .map((unit) => `\\u${hex(unit, 4)}`)
          .join(''),
  );
}

function visible(character: string): string {
  return units(character)
    .map((unit) => (unit <= 0xff ? `\\x${hex(unit, 2)}` : `\\u${hex(unit, 4)}`))
    .join('');
}

/** UTF-16. */
function units(character: string): number[] {
  return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at));
}

function hex(unit: number, digits: number): string {
  return unit.toString(16).padStart(digits, '0');
}
