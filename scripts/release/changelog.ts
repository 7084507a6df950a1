/** What a version changed, from CHANGELOG.md. */

export interface Section {
  /** `Added`, `Changed`, `Fixed` … */
  readonly title: string;
  readonly items: readonly string[];
}

/** The text below the heading of the version; of *Unreleased* where it has none of its own yet. */
export function notesOf(changelog: string, version: string): string {
  const parts = changelog.split(/^## /m);
  const of = (name: string) => parts.find((part) => part.startsWith(`[${name}]`));
  const found = of(version) ?? of('Unreleased');
  if (found === undefined) throw new Error(`CHANGELOG.md has nothing about ${version}`);
  const end = found.indexOf('\n');
  return found.slice(end === -1 ? found.length : end).trim();
}

export function sectionsOf(notes: string): readonly Section[] {
  return notes
    .split(/^### /m)
    .slice(1)
    .map((part) => {
      const [title = '', ...lines] = part.trim().split('\n');
      const items = lines.join('\n').split(/^- /m).slice(1);
      return { title, items: items.map((item) => item.trim().replaceAll(/\s*\n\s*/g, ' ')) };
    });
}
