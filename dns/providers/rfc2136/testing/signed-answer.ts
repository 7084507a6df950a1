import { createHmac } from 'node:crypto';
import { CLASSES, encodeMessage, encodeResource, type Message, TYPES } from '../message.ts';
import { encodeName } from '../names.ts';
import type { TsigKey } from '../tsig.ts';

export interface Variation {
  readonly key?: TsigKey;
  /** Seconds since 1970. */
  readonly time?: number;
  readonly error?: number;
  readonly other?: Buffer;
  readonly requestMac?: Buffer;
  readonly mac?: Buffer;
}

export function number(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}

/** A server's side of RFC 8945, written down a second time. */
export function signedAnswer(
  reply: Message,
  requestMac: Buffer,
  variation: Variation & Required<Pick<Variation, 'key' | 'time'>>,
): Buffer {
  const { key, time, error = 0, other = Buffer.alloc(0) } = variation;
  const mac = variation.requestMac ?? requestMac;
  const plain = encodeMessage(reply);
  const timing = Buffer.concat([number(time, 6), number(300, 2)]);
  const hash = { 'hmac-sha256': 'sha256', 'hmac-sha384': 'sha384', 'hmac-sha512': 'sha512' }[key.algorithm];
  const digest = createHmac(hash, Buffer.from(key.secret.reveal(), 'base64'))
    .update(Buffer.concat([number(mac.length, 2), mac, plain]))
    .update(Buffer.concat([encodeName(key.name), number(255, 2), number(0, 4), encodeName(key.algorithm)]))
    .update(Buffer.concat([timing, number(error, 2), number(other.length, 2), other]))
    .digest();
  const signature = variation.mac ?? digest;
  const data = Buffer.concat([
    encodeName(key.algorithm),
    timing,
    number(signature.length, 2),
    signature,
    number(reply.id, 2),
    number(error, 2),
    number(other.length, 2),
    other,
  ]);
  const record = encodeResource({ name: key.name, type: TYPES.TSIG, class: CLASSES.ANY, ttl: 0, data });
  const bytes = Buffer.concat([plain, record]);
  bytes.writeUInt16BE(1, 10);
  return bytes;
}
