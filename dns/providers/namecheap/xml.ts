import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { DnsError } from '../../provider.ts';
import { answerError, apiError } from './errors.ts';

/** Without a host and never https, although the API is asked over https. */
const NAMESPACE = 'http://api.namecheap.com/xml.response';
const CLOSING_TAG = '</ApiResponse>';

/** An element of an answer. Children are found by their names in lower case: `host` live, `Host` in the documents. */
export interface Element {
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: ReadonlyMap<string, readonly Element[]>;
  readonly text: string;
}

const ATTRIBUTE = '@';
/** The parser's name for character data. */
const TEXT = '#text';
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: ATTRIBUTE,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  // Decoded below: the parser leaves numeric references as they are, and then they would be written to the zone.
  processEntities: false,
  alwaysCreateTextNode: true,
  isArray: (_name, _path, _leaf, isAttribute) => !isAttribute,
});

/**
 * The CommandResponse of a whole and successful answer to `command`. Throws DnsError: with the API's own code when
 * it reports errors, and when there is any doubt that all of an answer to this command has come.
 * `what` names the call for the reader of an error.
 */
export function parseAnswer(text: string, command: string, what: string): Element {
  const root = parseDocument(text, what);
  const refusal = refusalOf(root, what);
  if (refusal !== undefined) throw refusal;
  const namespace = root.attributes.get('xmlns') ?? '';
  if (namespace !== NAMESPACE) throw answerError(what, `its namespace is "${namespace}"`);
  const status = root.attributes.get('Status');
  if (status !== 'OK') throw answerError(what, `its status is "${status ?? ''}"`);
  const [response, ...more] = root.children.get('commandresponse') ?? [];
  if (response === undefined || more.length > 0) throw answerError(what, 'it has no single CommandResponse');
  const type = response.attributes.get('Type') ?? '';
  if (type.toLowerCase() !== command.toLowerCase()) throw answerError(what, `it answers "${type}"`);
  return response;
}

/** What `text` says went wrong, if it is an answer of the API that says so. */
export function refusalIn(text: string, what: string): DnsError | undefined {
  try {
    return refusalOf(parseDocument(text, what), what);
  } catch (error) {
    if (error instanceof DnsError) return undefined;
    throw error;
  }
}

/** Counts in whatever namespace, or none: an error makes nobody write anything. */
function refusalOf(root: Element, what: string): DnsError | undefined {
  const errors = (root.children.get('errors') ?? [])
    .flatMap((list) => list.children.get('error') ?? [])
    .map(({ attributes, text }) => ({ code: attributes.get('Number') ?? '', text: oneLine(text) }));
  const isRefusal = root.attributes.get('Status') === 'ERROR' || errors.length > 0;
  return isRefusal ? apiError(what, errors) : undefined;
}

/** The one child of this name. */
export function only(parent: Element, name: string, what: string): Element {
  const [child, ...more] = parent.children.get(name.toLowerCase()) ?? [];
  if (child === undefined || more.length > 0) throw answerError(what, `it has no single ${name}`);
  return child;
}

function parseDocument(text: string, what: string): Element {
  // Status is the first attribute, so a body that was cut off still says OK: only the end proves that all is here.
  if (!text.trimEnd().endsWith(CLOSING_TAG)) throw answerError(what, describeCut(text));
  if (text.includes('<!DOCTYPE')) throw answerError(what, 'it declares a document type');
  const validity = XMLValidator.validate(text);
  if (validity !== true) throw answerError(what, `it is not well-formed XML: ${validity.err.msg}`);
  let document: Record<string, unknown>;
  try {
    document = parser.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw answerError(what, `it is not well-formed XML: ${String(error)}`);
  }
  const root = document.ApiResponse;
  if (!Array.isArray(root) || root.length !== 1) throw answerError(what, 'it is not an ApiResponse');
  return toElement(root[0], what);
}

function describeCut(text: string): string {
  const html = /^\s*<(!doctype )?html/i.test(text);
  return html ? 'it is a web page' : `it does not end with ${CLOSING_TAG} (${text.length} characters came)`;
}

function toElement(node: unknown, what: string): Element {
  const attributes = new Map<string, string>();
  const children = new Map<string, Element[]>();
  let text = '';
  for (const [key, value] of Object.entries(node as Record<string, unknown>)) {
    if (key === TEXT) text = decode(String(value), what);
    else if (key.startsWith(ATTRIBUTE)) attributes.set(key.slice(1), attributeValue(String(value), what));
    else if (Array.isArray(value)) {
      const name = key.toLowerCase();
      children.set(name, [...(children.get(name) ?? []), ...value.map((item) => toElement(item, what))]);
    }
  }
  return { attributes, children, text };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** XML turns a raw line break in an attribute into a space, so what was meant can no longer be known. */
function attributeValue(raw: string, what: string): string {
  if (/[<\p{Cc}]/u.test(raw)) throw answerError(what, 'an attribute has a raw "<" or control character');
  return decode(raw, what);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Decodes references; whatever cannot be decoded for certain makes the answer worthless. */
function decode(text: string, what: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&([^;&]*)(;?)/g, (reference, name: string, end: string) => {
    const decoded = end === ';' ? (ENTITIES[name] ?? codePoint(name)) : undefined;
    if (decoded === undefined)
      throw answerError(what, `it has the unknown reference ${reference.slice(0, 12)}`);
    return decoded;
  });
}

function codePoint(name: string): string | undefined {
  const digits = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(name);
  if (digits === null) return undefined;
  const code = digits[1] === undefined ? Number(digits[2]) : Number.parseInt(digits[1], 16);
  return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
    ? String.fromCodePoint(code)
    : undefined;
}
