import { createHmac } from 'node:crypto';

const PREFIX = 'whsec_';

/** The key in a Standard Webhooks secret: base64 of 24 to 64 bytes behind `whsec_`. Undefined when it is none. */
export function keyOf(secret: string): Buffer | undefined {
  const text = secret.startsWith(PREFIX) ? secret.slice(PREFIX.length) : secret;
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Buffer.from(text, 'base64');
  return key.length >= 24 && key.length <= 64 ? key : undefined;
}

/**
 * The headers of Standard Webhooks 1.0: one signature for each key, so that a receiver can change over to a new
 * secret while both are valid. `seconds` is the time of this attempt, `id` stays the same over all attempts.
 */
export function signatureHeaders(
  keys: readonly Buffer[],
  id: string,
  seconds: number,
  body: string,
): Record<string, string> {
  const signed = `${id}.${seconds}.${body}`;
  const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': signatures.join(' '),
  };
}
