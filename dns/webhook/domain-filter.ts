import { RE2JS } from 're2js';
import * as z from 'zod';
import { cut, LONGEST_SHOWN } from '../../kubernetes/cut.ts';
import { listOf } from '../../runtime/first-problem.ts';
import { canonicalName } from '../domain-name.ts';

/**
 * What a provider says it serves, as ExternalDNS's code reads it (its OpenAPI file has another form). Pure.
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

/** Of a provider that serves thousands of domains, or that says so. */
const MOST_SHOWN = 10;

/** Longer than any that somebody writes; what is made of a pattern grows with it. */
const LONGEST_PATTERN = 2_000;

/**
 * Undefined when nothing can be said. By the engine that Go has: its syntax, and time that only grows with the name. In
 * JavaScript's own a pattern can keep the whole process busy for as long as its writer likes.
 */
function matches(pattern: string | null | undefined, name: string): boolean | undefined {
  if (!pattern || pattern.length > LONGEST_PATTERN) return undefined;
  try {
    return RE2JS.compile(pattern).matcher(name).find();
  } catch {
    return undefined; // The provider itself goes by it; this check only fails sooner.
  }
}

function listed(domains: readonly string[] | null | undefined): readonly string[] {
  return (domains ?? []).map(canonicalDomain).filter(Boolean);
}

/** `.example.com` is what is below it, `example.com` that and itself. */
function isUnder(domains: readonly string[], name: string): boolean {
  return domains.some((domain) =>
    domain.startsWith('.') ? name.endsWith(domain) : name === domain || name.endsWith(`.${domain}`),
  );
}

/** `.bücher.example` keeps its first dot, which says that the domain itself is not meant. */
function canonicalDomain(domain: string): string {
  const text = domain.trim();
  return text.startsWith('.') ? `.${canonicalName(text.slice(1))}` : canonicalName(text);
}
