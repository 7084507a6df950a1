import type { Value } from './value.ts';

/**
 * Plain scalars as kubectl reads them: by the rules of go-yaml v2, which are those of YAML 1.1 without dates and base-60
 * numbers, and with the octal numbers of YAML 1.2 (go.yaml.in/yaml/v2 resolve.go, below sigs.k8s.io/yaml).
 */
const WORDS = new Map<string, Value>([
  ...meaning(true, 'y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'),
  ...meaning(false, 'n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'),
  ...meaning(null, '', '~', 'null', 'Null', 'NULL'),
  ...meaning(Number.NaN, '.nan', '.NaN', '.NAN'),
  ...meaning(Number.POSITIVE_INFINITY, '.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'),
  ...meaning(Number.NEGATIVE_INFINITY, '-.inf', '-.Inf', '-.INF'),
]);

function meaning(value: Value, ...words: readonly string[]): [string, Value][] {
  return words.map((word) => [word, value]);
}

const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;
/** Go accepts an underscore between two digits. */
const GO_FRACTION = /^\.\d+(_\d+)*([eE][-+]?\d+(_\d+)*)?$/;
const INTEGER = /^([-+]?)(0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9]\d*)$/;
/** A sign behind the prefix, which `strconv.ParseInt` accepts. */
const SIGNED_BINARY = /^0b([-+])([01]+)$/;
const INT64 = 2n ** 63n;
const UINT64 = 2n ** 64n;

export function readPlain(text: string): Value {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (text.startsWith('.')) return float(GO_FRACTION.test(text) ? text.replaceAll('_', '') : text) ?? text;
  if (!/^[-+\d]/.test(text)) return text;
  const digits = text.replaceAll('_', '');
  return integer(digits) ?? float(digits) ?? text;
}

/** A number or word of JSON. */
export function readJsonToken(text: string): Value {
  if (!/^-?\d+$/.test(text)) return JSON.parse(text) as Value;
  return text === '-0' ? 0 : narrow(BigInt(text));
}

/** Throws where `text` is not of the type of its tag. */
export function readTagged(tag: string, text: string): Value {
  const name = tag.replace(/^tag:yaml\.org,2002:/, '');
  if (name === 'binary') return Buffer.from(text, 'base64').toString();
  if (!['bool', 'int', 'float', 'null', 'timestamp'].includes(name)) return text;
  const value = readPlain(text);
  if (name === 'timestamp' ? typeof value === 'string' : fits(name, value)) return value;
  throw new Error(`"${text}" is no !!${name}`);
}

function fits(name: string, value: Value): boolean {
  if (name === 'null') return value === null;
  if (name === 'bool') return typeof value === 'boolean';
  if (typeof value === 'bigint') return true;
  return typeof value === 'number' && (name === 'float' || Number.isInteger(value));
}

function float(text: string): number | undefined {
  const value = FLOAT.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

function integer(text: string): Value | undefined {
  const [, sign = '', digits] = INTEGER.exec(text) ?? [];
  if (digits !== undefined) return signed(sign, BigInt(/^0\d/.test(digits) ? `0o${digits}` : digits));
  const [, mark = '', bits] = SIGNED_BINARY.exec(text) ?? [];
  return bits === undefined ? undefined : signed(mark, BigInt(`0b${bits}`));
}

function signed(sign: string, size: bigint): Value | undefined {
  const value = sign === '-' ? -size : size;
  const isKept = value >= -INT64 && (value < INT64 || (sign === '' && value < UINT64));
  return isKept ? narrow(value) : undefined;
}

function narrow(value: bigint): Value {
  const double = Number(value);
  return Number.isSafeInteger(double) ? double : value;
}

/** A plain key as JSON has it, where keys are texts (sigs.k8s.io/yaml `convertToJSONableObject`); undefined for null. */
export function readPlainKey(text: string): string | undefined {
  const key = readPlain(text);
  if (key === null || typeof key === 'object') return undefined;
  const isFloat = typeof key === 'number' && integer(text.replaceAll('_', '')) === undefined;
  return isFloat ? floatName(key) : `${key}`;
}

/** As Go’s `FormatFloat(key, 'g', -1, 32)`. */
function floatName(key: number): string {
  if (Number.isNaN(key)) return '.nan';
  const single = Math.fround(key);
  if (!Number.isFinite(single)) return single > 0 ? '.inf' : '-.inf';
  const shortest = [1, 2, 3, 4, 5, 6, 7, 8, 9]
    .map((digits) => Number(single.toPrecision(digits)))
    .find((value) => Math.fround(value) === single);
  const [digits = '', power = ''] = (shortest ?? single).toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(shortest);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
