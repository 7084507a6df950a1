import { authoritativeLookup } from '../../controller/dns/authoritative.ts';
import { section } from '../cluster/followers.ts';
import { type DnsView, decodeRecords, sameValues } from '../status/dns.ts';
import { age, duration } from '../text/time.ts';
import { type Check, type Finding, problem, type Result, warning } from './check.ts';
import type { World } from './world.ts';

/** A provider may take so long until its own name servers know. */
const PATIENCE_MS = 5 * 60_000;

/** By what the controller reports, and by asking the name servers of the zones from here. */
export const DNS: Check = {
  name: 'dns',
  title: 'each DNS record points to the active site, also at the authoritative name servers',
  async find(world): Promise<Result> {
    const records = world.followers.flatMap((follower) => decodeRecords(section(follower, 'dns')));
    const findings = await Promise.all(records.map((record) => findingsOf(world, record)));
    const note = records.length === 0 ? 'no records are followed' : `${records.length} records`;
    return { findings: findings.flat(), note };
  },
};

async function findingsOf(world: World, record: DnsView): Promise<Finding[]> {
  const { name, type, wanted, accepted, error } = record;
  const about = `DNS ${name} ${type}`;
  if (error !== undefined)
    return [problem(about, `the provider has not accepted it: ${error.text}`, error.action)];
  if (record.state === 'behind') {
    const has = accepted?.values.join(', ') || 'nothing yet';
    return [
      problem(
        about,
        `it should be ${wanted.join(', ')}, and the provider has ${has}`,
        'Wait a minute; then look at the controller’s log.',
      ),
    ];
  }
  const answers = await authoritativeLookup(world.clock)(record.zone, name, type, world.signal);
  const wrong = answers.filter(({ values }) => values !== undefined && !sameValues(wanted, values));
  const since = age(accepted?.at, world.clock.now()) ?? 0;
  if (wrong.length === 0 || since < PATIENCE_MS) return [];
  const [first] = wrong;
  return [
    warning(
      about,
      `${wrong.map(({ server }) => server).join(', ')} still say ${first?.values?.join(', ') || 'that there is no such record'}, ${duration(since)} after the provider accepted ${wanted.join(', ')}`,
      'See that the domain is delegated to the name servers of this provider.',
    ),
  ];
}
