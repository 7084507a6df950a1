/**
 * Errors in the form that Route 53 had until 2024, and that proxies and copies of it still have. The SDK reads `<ErrorResponse>`
 * alone, and of anything else it says "UnknownError" (github.com/awslabs/aws-sdk-kotlin/issues/242 and #1433 show both).
 */

/** The name of a document's root element; empty if it is no XML. */
export function rootOf(document: string): string {
  return /^(?:\s|<\?[^>]*\?>)*<([A-Za-z]+)[\s>]/.exec(document)?.[1] ?? '';
}

/** `text` itself when it needs no change, or is no such error. */
export function asErrorResponse(text: string): string {
  const root = rootOf(text);
  const messages = [...text.matchAll(/<Message>([^<]*)<\/Message>/g)].map(([, message = '']) =>
    message.trim(),
  );
  if (root === '' || root === 'ErrorResponse' || messages.length === 0) return text;
  const [, code = root] = /<Code>([A-Za-z]+)<\/Code>/.exec(text) ?? [];
  const error = `<Code>${code}</Code><Message>${messages.join('; ')}</Message>`;
  return `<ErrorResponse><Error><Type>Sender</Type>${error}</Error></ErrorResponse>`;
}
