/** Signatures of DNS messages with a shared key (RFC 8945). Pure. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../../../settings/secret.ts';
import { CLASSES, decodeMessage, encodeMessage, encodeResource, type Message, TYPES } from './message.ts';
import { decodeName, encodeName } from './names.ts';

/** Names in DNS messages by those in the configuration. */
const ALGORITHMS = {
  'hmac-sha256': 'sha256',
  'hmac-sha384': 'sha384',
  'hmac-sha512': 'sha512',
} as const;
export type Algorithm = keyof typeof ALGORITHMS;

export interface TsigKey {
  readonly name: string;
  readonly algorithm: Algorithm;
  /** Base64. */
  readonly secret: Secret;
}

/** Extended codes in the error field of a TSIG record. */
const TSIG_ERRORS: Readonly<Record<number, string>> = {
  16: 'BADSIG',
  17: 'BADKEY',
  18: 'BADTIME',
  22: 'BADTRUNC',
};

/** How far the two clocks may be apart, in seconds. */
const FUDGE = 300;
const BADTIME = 18;

export interface Signed {
  readonly bytes: Buffer;
  readonly mac: Buffer;
}

export type Verification =
  /** Correctly signed, for this request and at this time. */
  | { readonly kind: 'good'; readonly message: Message }
  /** Not signed: only an error may be so (section 5.3), and its sender is unknown. */
  | { readonly kind: 'unsigned'; readonly message: Message; readonly error: string | undefined }
  /** According to the server our clock is wrong. Its time, seconds since 1970. */
  | { readonly kind: 'bad-time'; readonly serverTime: number }
  | { readonly kind: 'forged'; readonly why: string };

/** `now` in milliseconds since 1970. */
export function sign(message: Message, key: TsigKey, now: number): Signed {
  const time = Math.floor(now / 1000);
  const bytes = encodeMessage(message);
  const fields = { time, fudge: FUDGE, error: 0, other: Buffer.alloc(0) };
  const mac = digest(key, [bytes, variables(key, fields)]);
  const data = Buffer.concat([
    encodeName(key.algorithm),
    timeAndFudge(fields),
    uint16(mac.length),
    mac,
    uint16(message.id),
    uint16(0),
    uint16(0),
  ]);
  const record = { name: key.name, type: TYPES.TSIG, class: CLASSES.ANY, ttl: 0, data };
  const signed = Buffer.concat([bytes, encodeResource(record)]);
  signed.writeUInt16BE(message.additionals.length + 1, 10);
  return { bytes: signed, mac };
}

/** Verifies the answer to the request that was signed with `requestMac`. Throws RangeError if it is no message. */
export function verify(bytes: Buffer, requestMac: Buffer, key: TsigKey, now: number): Verification {
  const { lastRecordAt, ...message } = decodeMessage(bytes);
  const last = message.additionals.at(-1);
  if (last?.type !== TYPES.TSIG) return { kind: 'unsigned', message, error: undefined };
  const tsig = readTsig(last.data);
  const plain = { ...message, additionals: message.additionals.slice(0, -1) };
  if (tsig.mac.length === 0) return { kind: 'unsigned', message: plain, error: TSIG_ERRORS[tsig.error] };
  if (last.name !== key.name || tsig.algorithm !== key.algorithm) {
    return { kind: 'forged', why: `it is signed with the key ${last.name} (${tsig.algorithm})` };
  }
  // The signed bytes: the message without the TSIG record, with the id of the request.
  const original = Buffer.from(bytes.subarray(0, lastRecordAt));
  original.writeUInt16BE(message.additionals.length - 1, 10);
  original.writeUInt16BE(tsig.originalId, 0);
  const expected = digest(key, [uint16(requestMac.length), requestMac, original, variables(key, tsig)]);
  if (expected.length !== tsig.mac.length || !timingSafeEqual(expected, tsig.mac)) {
    return { kind: 'forged', why: 'its signature is wrong' };
  }
  if (tsig.error === BADTIME && tsig.other.length === 6) {
    return { kind: 'bad-time', serverTime: tsig.other.readUIntBE(0, 6) };
  }
  if (tsig.error !== 0) return { kind: 'unsigned', message: plain, error: TSIG_ERRORS[tsig.error] };
  if (Math.abs(now / 1000 - tsig.time) > tsig.fudge) {
    return { kind: 'forged', why: 'it was signed at another time' };
  }
  return { kind: 'good', message: plain };
}

interface Fields {
  readonly time: number;
  readonly fudge: number;
  readonly error: number;
  readonly other: Buffer;
}

interface Tsig extends Fields {
  readonly algorithm: string;
  readonly mac: Buffer;
  readonly originalId: number;
}

function readTsig(data: Buffer): Tsig {
  const { name: algorithm, next } = decodeName(data, 0);
  const macLength = data.readUInt16BE(next + 8);
  const mac = data.subarray(next + 10, next + 10 + macLength);
  const rest = next + 10 + macLength;
  const other = data.subarray(rest + 6, rest + 6 + data.readUInt16BE(rest + 4));
  return {
    algorithm,
    time: data.readUIntBE(next, 6),
    fudge: data.readUInt16BE(next + 6),
    mac,
    originalId: data.readUInt16BE(rest),
    error: data.readUInt16BE(rest + 2),
    other,
  };
}

/** The variables of section 4.3.3: the fields of a TSIG record besides its signature. */
function variables(key: TsigKey, fields: Fields): Buffer {
  const head = Buffer.alloc(6); // Class ANY and a TTL of 0.
  head.writeUInt16BE(CLASSES.ANY, 0);
  const names = [encodeName(key.name), head, encodeName(key.algorithm)];
  return Buffer.concat([
    ...names,
    timeAndFudge(fields),
    uint16(fields.error),
    uint16(fields.other.length),
    fields.other,
  ]);
}

function timeAndFudge({ time, fudge }: Pick<Fields, 'time' | 'fudge'>): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUIntBE(time, 0, 6);
  bytes.writeUInt16BE(fudge, 6);
  return bytes;
}

function digest({ algorithm, secret }: TsigKey, parts: readonly Buffer[]): Buffer {
  const hmac = createHmac(ALGORITHMS[algorithm], Buffer.from(secret.reveal(), 'base64'));
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value, 0);
  return bytes;
}
