/** Errors in the form that Route 53 had until 2024, and that proxies and copies of it still have. */
import type { Route53Client } from '@aws-sdk/client-route-53';

const MAX_BYTES = 64 * 1024;
const FIRST_ERROR = 300;

interface WireResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  body: unknown;
}

/**
 * The SDK reads `<ErrorResponse>` alone, and of anything else it says "UnknownError". So what is not in that form is put into
 * it before the SDK reads it (github.com/awslabs/aws-sdk-kotlin/issues/242 and #1433 show both).
 */
export function readOldErrors(client: Route53Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const response = result.response as WireResponse;
      if (response.statusCode >= FIRST_ERROR) {
        const text = await bodyText(response.body);
        response.body = Buffer.from(asErrorResponse(text));
      }
      return result;
    },
    { step: 'deserialize', priority: 'low', name: 'readOldErrors' },
  );
}

/** `text` itself when it needs no change, or is no such error. */
export function asErrorResponse(text: string): string {
  const [, root = ''] = /^(?:\uFEFF|\s|<\?[^>]*\?>)*<([A-Za-z]+)[\s>]/.exec(text) ?? [];
  const messages = [...text.matchAll(/<Message>([^<]*)<\/Message>/g)].map(([, message = '']) =>
    message.trim(),
  );
  if (root === '' || root === 'ErrorResponse' || messages.length === 0) return text;
  const [, code = root] = /<Code>([A-Za-z]+)<\/Code>/.exec(text) ?? [];
  const error = `<Code>${code}</Code><Message>${messages.join('; ')}</Message>`;
  return `<ErrorResponse><Error><Type>Sender</Type>${error}</Error></ErrorResponse>`;
}

async function bodyText(body: unknown): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) break;
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks).toString();
}
