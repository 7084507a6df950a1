/** What counts as an answer of Route 53. To the SDK any other document, or none at all, is an answer that has nothing in it. */
import type { Route53Client } from '@aws-sdk/client-route-53';
import { text } from '../../../kubernetes/lines.ts';
import { MASK } from '../../../settings/secret.ts';
import { asErrorResponse, rootOf } from './old-errors.ts';
import { PAGE_LIMITS } from './request-handler.ts';

/** After a wrong signature the service shows what had to be signed, this header included. */
const TOKEN_HEADER = 'x-amz-security-token';
export const FIRST_ERROR = 300;

/** Something else than Route 53 has answered. */
export class StrangerError extends Error {
  override readonly name = 'StrangerError';
  readonly status: number;

  constructor(status: number) {
    super('it is not in the form of the API');
    this.status = status;
  }
}

interface WireResponse {
  readonly statusCode: number;
  body: AsyncIterable<Buffer>;
}

/** Reads each answer before the SDK does; old forms of errors are put into that of today. */
export function checkAnswers(client: Route53Client): void {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const result = await next(args);
        const response = result.response as WireResponse;
        const { statusCode } = response;
        const answer = withoutToken(await text(response.body, PAGE_LIMITS.bytes), args.request);
        const isError = statusCode >= FIRST_ERROR;
        const body = isError ? asErrorResponse(answer) : answer;
        const root = isError ? 'ErrorResponse' : commandName.replace(/Command$/, 'Response');
        if (!isDocument(body, root)) throw new StrangerError(statusCode);
        Object.assign(response, { body: Buffer.from(body) });
        return result;
      },
    { step: 'deserialize', priority: 'low', name: 'checkAnswers' },
  );
}

/** By its beginning and its end: one that was cut off has no end. */
function isDocument(body: string, root: string): boolean {
  return rootOf(body) === root && body.trimEnd().endsWith(`</${root}>`);
}

function withoutToken(answer: string, request: unknown): string {
  const { headers } = request as { readonly headers: Readonly<Record<string, string>> };
  const token = headers[TOKEN_HEADER];
  return token ? answer.replaceAll(token, MASK) : answer;
}
