import { UNFOLLOWED_ACTION } from '../../dns/follower/record-status.ts';
import type { ServerAnswer } from '../../dns/records/authoritative.ts';
import { type DnsView, recordsOf, sameValues } from '../status/dns.ts';
import { counted } from '../text/counted.ts';
import { age, duration } from '../text/time.ts';
import { type Check, type Finding, problem, type Result, skip, warning } from './check.ts';
import type { World } from './world.ts';

/** How long a provider may take until its own name servers answer with a change. */
const PATIENCE_MS = 5 * 60_000;

/** By the report, and by asking the name servers of the zones from this machine. */
export const DNS: Check = {
  name: 'dns',
  title: 'each DNS record points to the active site, also at the name servers that answer',
  async find(world): Promise<Result> {
    const records = world.followers.flatMap(recordsOf);
    if (records.length === 0) return skip(whyNone(world));
    const checked = await Promise.all(records.map((record) => checkRecord(world, record)));
    const unseen = checked.filter(({ isAnswered }) => !isAnswered).length;
    const silence = unseen === 0 ? '' : `; of ${unseen} no authoritative name server answers here`;
    const note = `${counted(records.length, 'record')}${silence}`;
    return { findings: checked.flatMap(({ findings }) => findings), note };
  },
};

/** The controller reports its records when it has a site for them. */
function whyNone({ followers }: World): string {
  const isActive = followers.some(({ status }) => (status?.activeSite ?? '') !== '');
  return isActive ? 'no records are followed' : 'no site is active yet';
}

interface Checked {
  readonly findings: readonly Finding[];
  /** A name server of the zone has answered, or none had to be asked. */
  readonly isAnswered: boolean;
}

async function checkRecord(world: World, record: DnsView): Promise<Checked> {
  const reported = reportedOf(record);
  if (reported !== undefined) return { findings: [reported], isAnswered: true };
  const { name, type, zone } = record;
  const beside = unfollowedOf(record);
  // The provider hides the record: its name servers answer with addresses of its own.
  if (record.seen?.hidden !== undefined) return { findings: beside, isAnswered: true };
  const answers = await world.lookup({ zone, name, type, abort: world.abort });
  const isAnswered = answers.some(({ values }) => values !== undefined);
  return { findings: [...beside, ...differences(world, record, answers)], isAnswered };
}

/** What is wrong with it by the report. */
function reportedOf(record: DnsView): Finding | undefined {
  const { wanted, accepted, error } = record;
  const about = aboutOf(record);
  if (error !== undefined)
    return problem(about, `the provider has not accepted it: ${error.text}`, error.action);
  if (record.state !== 'behind') return undefined;
  const has = accepted?.values.join(', ') || 'nothing yet';
  return problem(
    about,
    `it should be ${wanted.join(', ')}, and the provider has ${has}`,
    'Wait a minute; then look at the controller’s log.',
  );
}

function unfollowedOf(record: DnsView): readonly Finding[] {
  const { unfollowed = [] } = record;
  if (unfollowed.length === 0) return [];
  const text = `beside it the name has ${unfollowed.join(', ')}, which follows no site`;
  return [warning(aboutOf(record), text, UNFOLLOWED_ACTION)];
}

function differences(
  { clock }: World,
  record: DnsView,
  answers: readonly ServerAnswer[],
): readonly Finding[] {
  const { wanted, accepted } = record;
  const wrong = answers.filter(({ values }) => values !== undefined && !sameValues(wanted, values));
  const since = age(accepted?.at, clock.now()) ?? 0;
  if (wrong.length === 0 || since < PATIENCE_MS) return [];
  const [first] = wrong;
  return [
    warning(
      aboutOf(record),
      `${wrong.map(({ server }) => server).join(', ')} still say ${first?.values?.join(', ') || 'that there is no such record'}, ${duration(since)} after the provider accepted ${wanted.join(', ')}`,
      'See that the domain is delegated to the name servers of this provider.',
    ),
  ];
}

function aboutOf({ name, type }: DnsView): string {
  return `DNS ${name} ${type}`;
}
