import { isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { explain } from '../runtime/explain.ts';
import type { Result } from '../runtime/result.ts';

const MOST_ALIASES = 100;

/**
 * The value of a YAML document; the problem goes on from the words “must be YAML”. The parser's own message shows the
 * lines around a fault, and those may hold a secret.
 */
export function readYaml(text: string): Result<unknown> {
  const lines = new LineCounter();
  try {
    // Its own search for keys that stand twice compares each with all before it: 20,000 keys take seven seconds.
    const document = parseDocument(text, { uniqueKeys: false, lineCounter: lines });
    const [error] = document.errors;
    if (error !== undefined) return fault(error.code, lines.linePos(error.pos[0]).line);
    const repeated = repeatedKey(document);
    if (repeated !== undefined) return fault('DUPLICATE_KEY', lines.linePos(repeated).line);
    return { ok: true, value: document.toJS({ maxAliasCount: MOST_ALIASES }) };
  } catch (error) {
    return { ok: false, problem: ` without so many aliases: ${explain(error)}` };
  }
}

function fault(code: string, line: number): Result<never> {
  const what = code === 'RESOURCE_EXHAUSTION' ? 'too many lists within each other' : code;
  return { ok: false, problem: `: line ${line} has ${what}` };
}

/** Where the first key is that its mapping has already. */
function repeatedKey(document: ReturnType<typeof parseDocument>): number | undefined {
  let found: number | undefined;
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          found = key.range?.[0];
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}
