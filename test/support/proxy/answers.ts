import type { ServerResponse } from 'node:http';

const REASONS: Readonly<Record<number, string>> = {
  409: 'Conflict',
  410: 'Expired',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** A failure in the words of an API server. */
function failure(code: number): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'refused by the fault proxy',
    reason: REASONS[code] ?? 'Unknown',
    code,
  };
}

export function answerFailure(response: ServerResponse, status: number, retryAfterSeconds?: number): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  });
  response.end(JSON.stringify(failure(status)));
}

/** The other form of a failed watch: HTTP 200, then an ERROR event, then the end. */
export function answerErrorEvent(response: ServerResponse, code: number): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ type: 'ERROR', object: failure(code) })}\n`);
}
