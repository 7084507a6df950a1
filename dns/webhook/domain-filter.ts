import { RE2JS } from 're2js';
import * as z from 'zod';
import { cut, LONGEST_SHOWN } from '../../kubernetes/cut.ts';
import { listOf } from '../../runtime/first-problem.ts';
import { canonicalName } from '../domain-name.ts';

/**
 * The domains that a provider serves, in the form that ExternalDNS's code reads (its OpenAPI file has another one). Pure.
 * Source: domainFilterSerde and Match in endpoint/domain_filter.go.
 */
export const DOMAIN_FILTER = z.object({
  include: listOf(z.string()).nullish(),
  exclude: listOf(z.string()).nullish(),
  regexInclude: z.string().nullish(),
  regexExclude: z.string().nullish(),
});
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

/** A provider may list thousands of domains. */
const MOST_SHOWN = 10;

/** Longer than real patterns; the compiled pattern grows with it. */
const LONGEST_PATTERN = 2_000;

/**
 * Undefined: unknown. With Go's engine, for its syntax and its linear time: in JavaScript's a pattern could block the
 * whole process.
 */
function matches(pattern: string | null | undefined, name: string): boolean | undefined {
  if (!pattern || pattern.length > LONGEST_PATTERN) return undefined;
  try {
    return RE2JS.compile(pattern).matcher(name).find();
  } catch {
    return undefined; // The provider applies the filter itself; this check only fails sooner.
  }
}

function listed(domains: readonly string[] | null | undefined): readonly string[] {
  return (domains ?? []).map(canonicalDomain).filter(Boolean);
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
