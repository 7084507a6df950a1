import type { Site } from '../../settings/site.ts';

const KEYS = ['ip', 'ipv6', 'cname'] as const;

/**
 * What several sites have in common, one sentence each: a move between them changes no record of this type. It may be
 * meant, such as for two sites behind one router. Pure.
 */
export function sharedTargets(sites: readonly Site[]): readonly string[] {
  return KEYS.flatMap((key) => {
    const withTarget = sites.filter((site) => site[key] !== undefined);
    const byTarget = [...Map.groupBy(withTarget, (site) => site[key])];
    return byTarget
      .filter(([, own]) => own.length > 1)
      .map(([target, own]) => `sites ${own.map(({ name }) => name).join(' and ')} have the ${key} ${target}`);
  });
}
