import type { KubeObject } from '../../kubernetes/api.ts';
import { isObject } from './json.ts';

/** The fields that the API server can select by, of those that are asked for here. */
const FIELDS: ReadonlySet<string> = new Set(['metadata.name', 'spec.nodeName', 'status.phase']);

/** What selects objects by their fields; undefined when this is not understood. */
export function parseFieldSelector(text: string): ((object: KubeObject) => boolean) | undefined {
  const terms = text.split(',').map((term) => /^([\w.]+)(!?=)([^=!]*)$/.exec(term));
  if (terms.some((term) => term === null || !FIELDS.has(term[1] ?? ''))) return undefined;
  return (object) =>
    terms.every((term) => {
      const [, path = '', operator, value] = term ?? [];
      return (fieldOf(object, path) === value) === (operator === '=');
    });
}

/** What is not there is empty, as for the API server. */
function fieldOf(object: KubeObject, path: string): unknown {
  let value: unknown = object;
  for (const key of path.split('.')) value = isObject(value) ? value[key] : undefined;
  return value ?? '';
}
