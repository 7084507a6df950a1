import * as z from 'zod';
import { canonicalName } from '../domain-name.ts';

/**
 * What a provider says it serves, as ExternalDNS's code reads it (its OpenAPI file has another form). Pure.
 * Source: domainFilterSerde and Match in endpoint/domain_filter.go.
 */
export const DOMAIN_FILTER = z.object({
  include: z.array(z.string()).nullish(),
  exclude: z.array(z.string()).nullish(),
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
  return parts.join(', ');
}

/** Undefined when nothing can be said: there is none, or one in the syntax of Go that is none here. */
function matches(pattern: string | null | undefined, name: string): boolean | undefined {
  if (!pattern) return undefined;
  try {
    return new RegExp(pattern).test(name);
  } catch {
    return undefined; // The provider itself goes by it; this check only tells sooner.
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
