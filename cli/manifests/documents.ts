import {
  Document,
  type DocumentOptions,
  isAlias,
  isCollection,
  isNode,
  isSeq,
  type ParseOptions,
  parseAllDocuments,
  type SchemaOptions,
  type ToStringOptions,
  visit,
} from 'yaml';
import type { Operation } from '../../webhook/inject/patch.ts';
import type { ManifestFormat } from './format.ts';

export type Path = readonly (string | number)[];

// kubectl reads YAML 1.1, but takes dates and base-60 numbers for text.
const DIALECT: ParseOptions & DocumentOptions & SchemaOptions = {
  version: '1.1',
  customTags: (tags) =>
    tags.filter(
      (tag) =>
        typeof tag === 'string' || (tag.tag !== 'tag:yaml.org,2002:timestamp' && tag.format !== 'TIME'),
    ),
};
/** Against documents that grow without bound when their aliases are followed. */
const MAX_ALIASES = 100;

/** A file of manifests, YAML or JSON. What is not changed keeps its meaning, and in YAML without aliases its comments. */
export class Documents {
  readonly #text: string;
  readonly #documents: readonly Document[];
  /** Numbers that would be others when they are printed. */
  readonly #rounded: readonly string[];
  #changed = false;

  /** Throws where `text` is no YAML. */
  constructor(text: string) {
    this.#text = text;
    const documents = [...parseAllDocuments(text, DIALECT)];
    for (const document of documents) {
      const [error] = document.errors;
      if (error !== undefined) throw new Error(`this is no YAML: ${error.message}`);
      refuseTemplates(document);
    }
    this.#rounded = documents.flatMap(roundedNumbers);
    this.#documents = documents.map((document) =>
      hasAliases(document) ? withoutAliases(document) : document,
    );
  }

  get length(): number {
    return this.#documents.length;
  }

  /** The value at `path` of document `index` as it is now; undefined where nothing is. */
  at(index: number, path: Path): unknown {
    const document = this.#documents[index];
    const node = path.length === 0 ? document?.contents : document?.getIn(path, true);
    return document !== undefined && isNode(node) ? node.toJS(document) : undefined;
  }

  /** Carries out a JSON Patch for the object at `path`. */
  patch(index: number, path: Path, operations: readonly Operation[]): void {
    const document = this.#documents[index];
    if (document === undefined || operations.length === 0) return;
    this.#changed = true;
    for (const operation of operations) {
      const place = [...path, ...steps(operation.path)];
      if (operation.op === 'remove') document.deleteIn(place);
      else add(document, place, operation.value);
    }
  }

  /** As the file is written, or in another format. Throws where that would change a number that is too large for us. */
  toString(format?: ManifestFormat): string {
    const written = this.#text.trimStart().startsWith('{') ? 'json' : 'yaml';
    if (!this.#changed && (format === undefined || format === written)) return this.#text;
    const [number] = this.#rounded;
    if (number !== undefined) {
      throw new Error(
        `the number ${number} is too large to be kept exactly: put quotes around it if its field takes a text, or keep its object in another file`,
      );
    }
    if (format === 'json') return json(inOne(this.#values()));
    if (written === 'json')
      return this.#values()
        .map(format === 'yaml' ? yaml : json)
        .join('');
    const style = styleOf(this.#text);
    return this.#documents.map((document, index) => print(document, index, style)).join('');
  }

  /** All but the empty ones. */
  #values(): unknown[] {
    return this.#documents.map((document) => document.toJS()).filter((value) => value !== null);
  }
}

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

function yaml(value: unknown, index: number): string {
  const document = new Document(value, { ...DIALECT, aliasDuplicateObjects: false });
  return print(document, index, { lineWidth: 0 });
}

/** JSON has no separator of documents: several objects are a List, as kubectl prints them. */
function inOne(values: readonly unknown[]): unknown {
  return values.length === 1 ? values[0] : { apiVersion: 'v1', kind: 'List', items: values };
}

/** How the file is laid out, so that what is not changed stays as it is. */
function styleOf(text: string): ToStringOptions {
  return {
    lineWidth: 0,
    indentSeq: !hasFlushLists(text),
    flowCollectionPadding: !/[[{][^\s\]}]/.test(text),
  };
}

/** Whether lists stand as far left as the key that they belong to, as kubectl prints them. */
function hasFlushLists(text: string): boolean {
  return /^( *)(?:- )?[^\s#-][^\n]*:[ \t]*\n(?:[ \t]*#[^\n]*\n)*\1- /m.test(text);
}

function print(document: Document, index: number, style: ToStringOptions): string {
  if (index > 0 && document.directives !== undefined) document.directives.docStart = true;
  return document.toString(style);
}

/** A JSON Pointer (RFC 6901) as the keys that it names. */
function steps(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function add(document: Document, place: Path, value: unknown): void {
  const node = document.createNode(value, { aliasDuplicateObjects: false });
  const parent = document.getIn(place.slice(0, -1), true);
  const last = place.at(-1);
  if (!isSeq(parent)) document.setIn(place, node);
  else parent.items.splice(last === '-' ? parent.items.length : Number(last), 0, node);
}

/** Braces around a placeholder read as a map whose key is a map, which no manifest has. */
function refuseTemplates(document: Document): void {
  visit(document, {
    Pair(_, { key }) {
      if (!isCollection(key)) return;
      throw new Error(
        'this is no manifest: a key has to be a text; render templates first, as with helm template',
      );
    },
  });
}

/** Whole numbers that a double does not tell from their neighbours, as the file has them. */
function roundedNumbers(document: Document): string[] {
  const found: string[] = [];
  visit(document, {
    Scalar(_, { value, source }) {
      if (typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value)) return;
      found.push(source ?? String(value));
    },
  });
  return found;
}

function hasAliases(document: Document): boolean {
  let found = false;
  visit(document, (_, node) => {
    if (!isAlias(node)) return undefined;
    found = true;
    return visit.BREAK;
  });
  return found;
}

/** A change at one place of such a document would show at all that share it. Comments are lost. */
function withoutAliases(document: Document): Document {
  return new Document(document.toJS({ maxAliasCount: MAX_ALIASES }), {
    ...DIALECT,
    aliasDuplicateObjects: false,
  });
}
