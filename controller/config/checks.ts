import type { AnyDnsConfig } from '../../dns/registry.ts';
import type { NotifyTarget } from '../../notify/target.ts';
import type { Origins, Path } from '../../settings/origins.ts';
import { type PartlyValid, without } from '../../settings/parse.ts';
import { type Finding, formatPath } from '../../settings/problems.ts';
import { MASK } from '../../settings/secret.ts';
import type { SecretSources } from '../../settings/secret-reference.ts';
import { configuredTrigger, ownClusterOf } from '../triggers/registry.ts';
import { checkDns } from './dns.ts';
import { checkFollowers } from './followers.ts';
import { resolveTargets } from './notify.ts';
import { problemOfPeer, type Topology } from './peers.ts';
import type { FollowerSettings, ParsedConfig } from './schema.ts';
import { problemOfClusters } from './sites.ts';

type SoundFollower = Omit<PartlyValid<FollowerSettings>, 'dns'> & {
  /** Undefined when it is no list of mappings. */
  readonly dns: readonly PartlyValid<AnyDnsConfig>[] | undefined;
};

interface Context {
  /** Where something was reported already. */
  readonly reported: readonly Path[];
  readonly origins: Origins;
  readonly report: (finding: Finding) => void;
  readonly secrets: SecretSources;
}

/** Reports what no single setting shows. Gives the notification targets of each follower, with what they refer to. */
export function checkTogether(config: ParsedConfig, context: Context): readonly (readonly NotifyTarget[])[] {
  const { origins, secrets } = context;
  const settings = [...new Set(context.reported.map((path) => origins.of(path)))].map(({ at }) => at);
  const sound = without(config, settings) as { readonly followers?: readonly SoundFollower[] };
  const reported = new Set(context.reported.map(formatPath));
  const wrong = new Set(settings.map(([, index]) => index));
  const report = (path: Path, got: unknown, problem: string) => {
    reported.add(formatPath(path));
    wrong.add(path[1]);
    context.report(origins.finding(path, got, problem));
  };
  const targets = (sound.followers ?? []).map(({ sites, dns, notify }, index) => {
    const at = ['followers', index];
    const reportOnce = (path: Path, got: unknown, problem: string) => {
      if (!reported.has(formatPath([...at, ...path]))) report([...at, ...path], got, problem);
    };
    const trigger = config.followers[index]?.trigger;
    const misplaced = sites && problemOfClusters(sites, trigger?.kind === 'cnpg-topology');
    if (misplaced !== undefined) reportOnce(['sites'], sites, misplaced);
    // What goes together cannot be judged while one of them is wrong: it would only seem to be missing.
    if (trigger !== undefined && !settings.some((path) => isBelow(path, [...at, 'trigger']))) {
      const reportKey = (key: string, got: unknown, problem: string) =>
        reportOnce(['trigger', key], got, problem);
      configuredTrigger(trigger).check?.({ sites, report: reportKey });
    }
    checkDns(dns ?? [], sites, (path, got, problem) => reportOnce(['dns', ...path], got, problem));
    return resolveTargets(notify ?? [], secrets, (path, problem) =>
      report([...at, 'notify', ...path], MASK, problem),
    );
  });
  const right = (sound.followers ?? []).map((_, index) =>
    wrong.has(index) ? undefined : config.followers[index],
  );
  checkFollowers(right, config.configMapName, (index, path, got, problem) =>
    context.report(origins.finding(['followers', index, ...path], got, problem)),
  );
  if (right.every((follower) => follower !== undefined) && !settings.some((path) => isBelow(path, ['peers'])))
    checkPeers(config.peers, right, report);
  return targets;
}

function checkPeers(
  peers: ParsedConfig['peers'],
  followers: readonly FollowerSettings[],
  report: (path: Path, got: unknown, problem: string) => void,
): void {
  const topologies = followers.flatMap(({ sites, trigger }): Topology[] => {
    const cluster = ownClusterOf(trigger);
    if (cluster === undefined) return [];
    const own = sites.find((site) => site.cluster === cluster)?.name;
    return [{ own, sites: sites.map(({ name }) => name) }];
  });
  for (const [index, { site }] of peers.entries()) {
    const problem = problemOfPeer(site, topologies);
    if (problem !== undefined) report(['peers', index, 'site'], site, problem);
  }
}

function isBelow(path: Path, place: Path): boolean {
  return place.every((step, index) => path[index] === step);
}
