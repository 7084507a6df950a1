/** DNS messages (RFC 1035 section 4) for queries and dynamic updates (RFC 2136). Pure. */
import { isIPv4 } from 'node:net';
import { canonicalValue } from '../../plan.ts';
import type { WrittenType } from '../../records.ts';
import { decodeName, encodeName } from './names.ts';

export const TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  TXT: 16,
  AAAA: 28,
  DNAME: 39,
  RRSIG: 46,
  NSEC: 47,
  DNSKEY: 48,
  NSEC3: 50,
  TSIG: 250,
  ANY: 255,
} as const;
export const CLASSES = { IN: 1, NONE: 254, ANY: 255 } as const;
export const OPCODES = { QUERY: 0, UPDATE: 5 } as const;

/** The sections of an update are zone, prerequisites, updates and additional (RFC 2136 section 2). */
export interface Message {
  readonly id: number;
  readonly opcode: number;
  readonly isResponse: boolean;
  readonly isAuthoritative: boolean;
  readonly rcode: number;
  readonly questions: readonly Question[];
  readonly answers: readonly Resource[];
  readonly authorities: readonly Resource[];
  readonly additionals: readonly Resource[];
}

export interface Question {
  readonly name: string;
  readonly type: number;
  readonly class: number;
}

export interface Resource extends Question {
  readonly ttl: number;
  readonly data: Buffer;
}

const HEADER_BYTES = 12;
const MAX_STRING_BYTES = 255;
/** Separates the strings of a text that is not cut at the maximum length; no byte of a text has this code. */
const CUT = '\u2402';
const QR = 0x8000;
const AA = 0x0400;
const TC = 0x0200;

/** Names are never compressed, as TSIG signs the bytes. */
export function encodeMessage(message: Message): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(message.id, 0);
  const flags = (message.isResponse ? QR : 0) | (message.isAuthoritative ? AA : 0);
  header.writeUInt16BE(flags | (message.opcode << 11) | message.rcode, 2);
  const { questions, answers, authorities, additionals } = message;
  for (const [index, section] of [questions, answers, authorities, additionals].entries()) {
    header.writeUInt16BE(section.length, 4 + 2 * index);
  }
  return Buffer.concat([
    header,
    ...questions.map(encodeQuestion),
    ...[...answers, ...authorities, ...additionals].map(encodeResource),
  ]);
}

function encodeQuestion({ name, type, class: klass }: Question): Buffer {
  const fields = Buffer.alloc(4);
  fields.writeUInt16BE(type, 0);
  fields.writeUInt16BE(klass, 2);
  return Buffer.concat([encodeName(name), fields]);
}

export function encodeResource(resource: Resource): Buffer {
  const fields = Buffer.alloc(6);
  fields.writeUInt32BE(resource.ttl, 0);
  fields.writeUInt16BE(resource.data.length, 4);
  return Buffer.concat([encodeQuestion(resource), fields, resource.data]);
}

export interface Decoded extends Message {
  /** Offset of the last record: the end of what a signature there covers. */
  readonly lastRecordAt: number;
}

/** Throws RangeError if `bytes` is no complete message. */
export function decodeMessage(bytes: Buffer): Decoded {
  if (bytes.length < HEADER_BYTES) throw new RangeError('a DNS message of less than 12 bytes');
  const flags = bytes.readUInt16BE(2);
  if ((flags & TC) !== 0) throw new RangeError('a DNS message that says it is cut off');
  let offset = HEADER_BYTES;
  let lastRecordAt = bytes.length;
  const question = (): Question => {
    const { name, next } = decodeName(bytes, offset);
    offset = next + 4;
    return { name, type: bytes.readUInt16BE(next), class: bytes.readUInt16BE(next + 2) };
  };
  const resource = (): Resource => {
    lastRecordAt = offset;
    const head = question();
    const ttl = bytes.readUInt32BE(offset);
    const start = offset + 6;
    offset = start + bytes.readUInt16BE(offset + 4);
    if (offset > bytes.length) throw new RangeError('a DNS record that goes beyond its message');
    return { ...head, ttl, data: plainData(bytes, head.type, start, offset) };
  };
  const section = <T>(index: number, read: () => T) =>
    Array.from({ length: bytes.readUInt16BE(4 + 2 * index) }, read);
  const message = {
    id: bytes.readUInt16BE(0),
    opcode: (flags >> 11) & 0xf,
    isResponse: (flags & QR) !== 0,
    isAuthoritative: (flags & AA) !== 0,
    rcode: flags & 0xf,
    questions: section(0, question),
    answers: section(1, resource),
    authorities: section(2, resource),
    additionals: section(3, resource),
  };
  if (offset !== bytes.length) throw new RangeError('a DNS message with something behind its end');
  return { ...message, lastRecordAt };
}

/** The data, with a name in it uncompressed. */
function plainData(bytes: Buffer, type: number, start: number, end: number): Buffer {
  if (type !== TYPES.CNAME && type !== TYPES.NS) return bytes.subarray(start, end);
  const { name, next } = decodeName(bytes, start);
  if (next !== end) throw new RangeError('a DNS name with something behind its end');
  return encodeName(name);
}

/** The data of an address, a name (CNAME) or a text (TXT). */
export function encodeValue(type: WrittenType, value: string): Buffer {
  if (type === 'TXT') return encodeText(value);
  if (type === 'CNAME') return encodeName(value);
  if (type === 'A') return Buffer.from(value.split('.').map(Number));
  return encodeIpv6(value);
}

/** The reverse, in the canonical form of plan.ts. Throws RangeError. */
export function decodeValue(type: WrittenType, data: Buffer): string {
  if (type === 'TXT') return decodeText(data);
  if (type === 'CNAME') return decodeName(data, 0).name;
  if (data.length !== (type === 'A' ? 4 : 16)) throw new RangeError(`${type} data of ${data.length} bytes`);
  if (type === 'A') return [...data].join('.');
  return canonicalValue(
    Array.from({ length: 8 }, (_, index) => data.readUInt16BE(2 * index).toString(16)).join(':'),
  );
}

/** Character strings (RFC 1035 section 3.3), each with its length before it. */
function encodeText(text: string): Buffer {
  return Buffer.concat(text.split(CUT).map(encodeStrings));
}

/** Without cuts, all but the last string have the maximum length. */
function encodeStrings(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  const count = Math.max(1, Math.ceil(bytes.length / MAX_STRING_BYTES));
  const strings = Array.from({ length: count }, (_, index) =>
    bytes.subarray(index * MAX_STRING_BYTES, (index + 1) * MAX_STRING_BYTES),
  );
  return Buffer.concat(strings.flatMap((string) => [Buffer.from([string.length]), string]));
}

/** The strings joined, as readers of TXT records do, if that encodes to the same record again. */
function decodeText(data: Buffer): string {
  const strings: string[] = [];
  for (let at = 0; at < data.length; ) {
    const end = at + 1 + data.readUInt8(at);
    if (end > data.length) throw new RangeError('a text that goes beyond its record');
    strings.push(data.toString('latin1', at + 1, end));
    at = end;
  }
  const text = strings.join('');
  return encodeStrings(text).equals(data) ? text : strings.join(CUT);
}

function encodeIpv6(text: string): Buffer {
  const last = text.slice(text.lastIndexOf(':') + 1);
  const words = isIPv4(last)
    ? text.replace(
        last,
        encodeValue('A', last)
          .toString('hex')
          .replace(/^(.{4})/, '$1:'),
      )
    : text;
  const [left = '', right] = words.split('::');
  const head = left.split(':').filter((word) => word !== '');
  const tail = (right ?? '').split(':').filter((word) => word !== '');
  const middle = right === undefined ? [] : Array<string>(8 - head.length - tail.length).fill('0');
  const data = Buffer.alloc(16);
  for (const [index, word] of [...head, ...middle, ...tail].entries()) {
    data.writeUInt16BE(Number.parseInt(word, 16), 2 * index);
  }
  return data;
}
