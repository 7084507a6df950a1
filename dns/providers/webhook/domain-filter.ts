import { RE2JS } from 're2js';
import * as z from 'zod';
import { cut, LONGEST_SHOWN } from '../../../kubernetes/cut.ts';
import { Allowance, listOf } from '../../../runtime/first-problem.ts';
import { canonicalName } from '../../records/domain-name.ts';

/** Each is compared with each of our names. A provider may list thousands. */
const ALLOWANCE = new Allowance(20_000);

/**
 * The domains that a provider serves, in the form that ExternalDNS's code reads (its OpenAPI file has another one). Pure.
 * Source: domainFilterSerde and Match in endpoint/domain_filter.go.
 */
export const DOMAIN_FILTER = z.preprocess(
  (value) => {
    ALLOWANCE.renew();
    return value;
  },
  z.object({
    include: listOf(z.string(), ALLOWANCE).nullish(),
    exclude: listOf(z.string(), ALLOWANCE).nullish(),
    regexInclude: z.string().nullish(),
    regexExclude: z.string().nullish(),
  }),
);
export type DomainFilter = z.infer<typeof DOMAIN_FILTER>;

export function serves(filter: DomainFilter, name: string): boolean {
  const { include, exclude, regexInclude, regexExclude } = filter;
  if (regexInclude || regexExclude) {
    return matches(regexExclude, name) !== true && matches(regexInclude, name) !== false;
  }
  const included = listed(include).length === 0 || isUnder(listed(include), name);
  return included && !isUnder(listed(exclude), name);
}

export function describeFilter({ include, exclude, regexInclude, regexExclude }: DomainFilter): string {
  const parts = [...listed(include), ...listed(exclude).map((domain) => `not ${domain}`)];
  if (regexInclude) parts.push(`/${regexInclude}/`);
  if (regexExclude) parts.push(`not /${regexExclude}/`);
  const shown = parts.slice(0, MOST_SHOWN).map((part) => cut(part, LONGEST_SHOWN));
  const more = parts.length - shown.length;
  return [...shown, ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

const MOST_SHOWN = 10;

/** Longer than real patterns; the compiled pattern grows with it. */
const LONGEST_PATTERN = 2_000;
/** What is repeated so many times stands so many times in the compiled pattern; no name is longer. */
const MOST_REPEATED = 255;
/** Of the compiled pattern; each character of a name is compared with all of it. */
const LARGEST_PROGRAM = 5_000;

/** Those of each answer; one provider has two. */
const compiled = new Map<string, RE2JS | undefined>();
const MOST_COMPILED = 8;

/** Undefined: unknown. The provider applies the filter itself; this check only fails sooner. */
function matches(pattern: string | null | undefined, name: string): boolean | undefined {
  if (!pattern || pattern.length > LONGEST_PATTERN) return undefined;
  if (!compiled.has(pattern)) {
    if (compiled.size >= MOST_COMPILED) compiled.clear();
    compiled.set(pattern, compile(pattern));
  }
  return compiled.get(pattern)?.matcher(name).find();
}

/** With Go's engine, for its syntax and its linear time: in JavaScript's a pattern could block the whole process. */
function compile(pattern: string): RE2JS | undefined {
  const counts = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, least, most]) =>
    Number(most || least),
  );
  if (counts.reduce((sum, count) => sum + count, 0) > MOST_REPEATED) return undefined;
  try {
    const program = RE2JS.compile(pattern);
    return program.programSize() > LARGEST_PROGRAM ? undefined : program;
  } catch {
    return undefined; // It is none, for Go neither.
  }
}

const canonical = new WeakMap<readonly string[], readonly string[]>();

/** An answer is asked about for each name: what it lists is brought into the form of names once. */
function listed(domains: readonly string[] | null | undefined): readonly string[] {
  if (domains === null || domains === undefined) return [];
  const known = canonical.get(domains) ?? domains.map(canonicalDomain).filter(Boolean);
  canonical.set(domains, known);
  return known;
}

/** `.example.com`: names below it. `example.com`: itself as well. */
function isUnder(domains: readonly string[], name: string): boolean {
  return domains.some((domain) =>
    domain.startsWith('.') ? name.endsWith(domain) : name === domain || name.endsWith(`.${domain}`),
  );
}

/** Keeps the first dot of `.bücher.example`. */
function canonicalDomain(domain: string): string {
  const text = domain.trim();
  return text.startsWith('.') ? `.${canonicalName(text.slice(1))}` : canonicalName(text);
}
