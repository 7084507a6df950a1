/**
 * What others wrote, made harmless for a terminal. Object names are checked by the API server, but anybody can put
 * anything into ConfigMaps, annotations and messages: escape sequences that move the cursor, hide text or answer in
 * the user's name, and characters that turn the direction of writing.
 */

/** Controls, line and paragraph separators, and formats: what changes direction or is not seen at all. */
const HAZARDS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
/** Line ends and tabs with what is around them. Other spaces lay out a table. */
const SPACE = /(?<! ) *[\t\r\n][ \t\r\n]*/g;

/** On one line, each hazard written as `\x1b` or `\u202e`. */
export function plain(text: string): string {
  return text.replaceAll(SPACE, ' ').replaceAll(HAZARDS, visible);
}

/** The same for JSON texts, where the same character can be written so. */
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
