/** A line end in somebody's text would make a line that looks like ours; other controls hide text, or turn its direction. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
}
