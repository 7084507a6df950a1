export type Verb = 'get' | 'list' | 'watch' | 'create' | 'replace' | 'patch' | 'delete' | 'other';

/** What a request to an API server is about. */
export interface Target {
  readonly verb: Verb;
  /** The plural, such as `configmaps`; empty for a path that names no resource, such as /readyz. */
  readonly resource: string;
  /** Empty for a collection. */
  readonly name: string;
}

/** A field that is absent matches everything. */
export interface Match {
  readonly verbs?: readonly Verb[];
  readonly resource?: string;
  readonly name?: string;
}

export function matches({ verbs, resource, name }: Match, target: Target): boolean {
  return (
    (verbs === undefined || verbs.includes(target.verb)) &&
    (resource === undefined || resource === target.resource) &&
    (name === undefined || name === target.name)
  );
}

const WRITES: Readonly<Record<string, Verb>> = {
  POST: 'create',
  PUT: 'replace',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** `url` is the request's path with its query. */
export function targetOf(method: string, url: string): Target {
  const { pathname, searchParams } = new URL(url, 'https://api');
  const path = pathname.match(/^\/(?:api\/[^/]+|apis\/[^/]+\/[^/]+)\/(.+)$/)?.[1];
  if (path === undefined) return { verb: 'other', resource: '', name: '' };
  const segments = path.split('/');
  const isNamespaced = segments[0] === 'namespaces' && segments.length > 2;
  const [resource = '', name = ''] = isNamespaced ? segments.slice(2) : segments;
  return { verb: verbOf(method, searchParams, name), resource, name };
}

function verbOf(method: string, query: URLSearchParams, name: string): Verb {
  if (method !== 'GET') return WRITES[method] ?? 'other';
  if (['1', 'true'].includes(query.get('watch') ?? '')) return 'watch';
  return name === '' ? 'list' : 'get';
}
