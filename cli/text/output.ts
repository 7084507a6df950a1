import type { Format } from '../cluster/options.ts';
import { plainJson } from './plain.ts';

/** A view for programs. Whatever a terminal could take for a command is escaped in it. */
export async function serialize(view: unknown, format: Exclude<Format, 'text'>): Promise<string> {
  if (format === 'json') return `${plainJson(JSON.stringify(view, null, 2))}\n`;
  const { Document, visit } = await import('./yaml.ts');
  const document = new Document(view, { aliasDuplicateObjects: false });
  visit(document, {
    Scalar(_, node) {
      const { value } = node;
      // Only in double quotes can a character be written by its number.
      if (typeof value === 'string' && plainJson(value) !== value) node.type = 'QUOTE_DOUBLE';
    },
  });
  return plainJson(document.toString({ lineWidth: 0 }));
}
