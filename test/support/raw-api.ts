import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import type { ControlPlaneAccess } from './control-plane-access.ts';

export interface RawAnswer {
  readonly status: number;
  /** The object, or the Status that says why there is none. */
  readonly body: Readonly<Record<string, unknown>> & { readonly message?: string };
  /** What kubectl would print as warnings. */
  readonly warnings: readonly string[];
  readonly headers: IncomingHttpHeaders;
}

/** Where, and who asks. */
export type RawAccess = Pick<ControlPlaneAccess, 'url' | 'authority' | 'admin'>;

const LIMIT_MS = 15_000;

/** One POST as kubectl would send it, with nothing of our own client in between. */
export function post(plane: RawAccess, path: string, body: unknown): Promise<RawAnswer> {
  return send(plane, 'POST', path, body);
}

/** The same with any method; a text goes as it is. */
export function send(
  plane: RawAccess,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'PATCH',
  path: string,
  body: unknown,
  type = 'application/json',
): Promise<RawAnswer> {
  const { certificate: cert, key } = plane.admin;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  // The length is said, as node would leave out the body of a DELETE.
  const headers = { 'content-type': type, 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const call = request(
      `${plane.url}${path}`,
      { method, headers, ca: plane.authority.certificate, cert, key, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(chunks).toString()) as RawAnswer['body'],
            warnings: warningsOf(response.headers.warning),
            headers: response.headers,
          });
        });
      },
    );
    call.setTimeout(LIMIT_MS, () =>
      call.destroy(new Error(`no answer to ${method} ${path} within ${LIMIT_MS} ms`)),
    );
    call.on('error', reject);
    call.end(text);
  });
}

/** RFC 7234: `299 - "text"`, several in one header after commas. */
function warningsOf(header: string | undefined): string[] {
  return [...(header ?? '').matchAll(/299 - "((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replaceAll(/\\(.)/g, '$1'),
  );
}
