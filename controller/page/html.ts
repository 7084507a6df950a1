/** Text that may stand in a page as it is. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Part = Html | readonly Part[] | string | number | undefined | false;

/**
 * A template whose values are escaped unless they are Html: names come from whoever may create an object. Right in
 * text and in quoted attributes, and nowhere else.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, piece, index) => text + show(parts[index - 1]) + piece));
}

function show(part: Part): string {
  if (part instanceof Html) return part.text;
  if (typeof part === 'object') return part.map(show).join('');
  return part === undefined || part === false ? '' : escapeHtml(String(part));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Controls, and what is invisible or turns the direction of text, become visible: they could forge what stands beside them. */
function escapeHtml(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd')
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}
