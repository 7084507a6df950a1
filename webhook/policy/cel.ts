/** Builds expressions in CEL, the language of admission policies. */

export const all = (...expressions: readonly string[]) => expressions.map((one) => `(${one})`).join(' && ');
export const any = (...expressions: readonly string[]) => expressions.map((one) => `(${one})`).join(' || ');
export const not = (expression: string) => `!(${expression})`;

export function literal(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

export const listOf = (texts: readonly string[]) => `[${texts.map(literal).join(', ')}]`;

/** These characters occur in no text of ours. */
const [BEGIN, END] = ['\u0002', '\u0003'];

/** Stands for the value of an expression in a text, so that functions that build texts build expressions as well. */
export const inserted = (expression: string) => BEGIN + expression + END;

/** The expression of a text that may contain `inserted` values. */
export function textOf(text: string): string {
  const parts = text.split(BEGIN).flatMap((part, index) => {
    if (index === 0) return part === '' ? [] : [literal(part)];
    const [expression = '', rest = ''] = part.split(END);
    return rest === '' ? [expression] : [expression, literal(rest)];
  });
  return parts.length === 0 ? "''" : parts.join(' + ');
}

export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json | undefined };

/** A value that replaces the usual one. */
export interface Variant {
  readonly value: Json;
  /** CEL: true when the variant does not apply. */
  readonly unless: string;
}

/**
 * The expression that gives `usual`, or the variant that applies: what a variant lacks becomes conditional, and its
 * other scalars replace the usual ones. Items of lists are matched by name, or else by index.
 */
export function expressionOf(
  usual: Json,
  variants: readonly Variant[],
  numbers: ReadonlyMap<number, string>,
): string {
  if (isList(usual)) return listExpression(usual, variants, numbers);
  if (typeof usual === 'object') return mapExpression(usual, variants, numbers);
  const others = variants.filter(({ value }) => value !== usual);
  return others.reduce(
    (rest, { value, unless }) => `(${unless} ? ${rest} : ${scalarExpression(value, numbers)})`,
    scalarExpression(usual, numbers),
  );
}

function scalarExpression(value: Json, numbers: ReadonlyMap<number, string>): string {
  if (typeof value === 'number') return numbers.get(value) ?? String(value);
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') throw new Error('a variant has a list or a map where others have a scalar');
  const number = numbers.get(Number(value));
  return number === undefined ? textOf(value) : `string(${number})`;
}

function listExpression(
  items: readonly Json[],
  variants: readonly Variant[],
  numbers: ReadonlyMap<number, string>,
): string {
  const parts = items.map((item, index) => {
    const { present, unless } = among(variants, (value) => itemLike(value, item, index));
    return { item: `dyn(${expressionOf(item, present, numbers)})`, unless };
  });
  const lists: string[] = [];
  let always: string[] = [];
  const end = () => {
    if (always.length > 0) lists.push(`[${always.join(', ')}]`);
    always = [];
  };
  for (const { item, unless } of parts) {
    if (unless === '') {
      always.push(item);
      continue;
    }
    end();
    lists.push(`(${unless} ? [${item}] : [])`);
  }
  end();
  return lists.join(' + ');
}

function itemLike(list: Json, item: Json, index: number): Json | undefined {
  if (!isList(list)) return undefined;
  const name = nameOf(item);
  return name === undefined ? list[index] : list.find((one) => nameOf(one) === name);
}

function nameOf(item: Json): Json | undefined {
  return typeof item === 'object' && !isList(item) ? item.name : undefined;
}

function mapExpression(
  map: { readonly [key: string]: Json | undefined },
  variants: readonly Variant[],
  numbers: ReadonlyMap<number, string>,
): string {
  const entries = Object.entries(map).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const { present, unless } = among(variants, (other) => entryOf(other, key));
    // All values of a literal must have the same type in Kubernetes' CEL.
    const expression = `dyn(${expressionOf(value, present, numbers)})`;
    return unless === ''
      ? [`${literal(key)}: ${expression}`]
      : [`?${literal(key)}: ${unless} ? optional.of(${expression}) : optional.none()`];
  });
  return `{${entries.join(', ')}}`;
}

function entryOf(value: Json, key: string): Json | undefined {
  return typeof value === 'object' && !isList(value) ? value[key] : undefined;
}

/** The variants that have a part, and the condition under which it is there: '' for always. */
function among(variants: readonly Variant[], part: (value: Json) => Json | undefined) {
  const parts = variants.map(({ value, unless }) => ({ value: part(value), unless }));
  const present = parts.flatMap(({ value, unless }) => (value === undefined ? [] : [{ value, unless }]));
  const absent = parts.filter(({ value }) => value === undefined);
  return { present, unless: absent.length === 0 ? '' : all(...absent.map(({ unless }) => unless)) };
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
