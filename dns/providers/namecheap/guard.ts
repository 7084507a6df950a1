import { subjectOf } from '../../planned.ts';
import { DnsError } from '../../provider.ts';
import { ofEach } from '../../records/name-errors.ts';
import { isFollowingSet } from '../../records/record-sets.ts';
import type { Change, WrittenType } from '../../records.ts';
import type { Host } from './api.ts';
import { describeHost, fullName, refused, touches, type ZoneContent } from './records.ts';

/** What setHosts takes. A record of another type would be lost, or make the API refuse the whole zone. */
const WRITABLE_TYPES = new Set([
  'A',
  'AAAA',
  'ALIAS',
  'CAA',
  'CNAME',
  'MX',
  'MXE',
  'NS',
  'TXT',
  'URL',
  'URL301',
  'FRAME',
]);
/** These answer for an address themselves, so that an A record beside them is only half followed. */
const ANSWERS_ADDRESS = new Set(['ALIAS', 'URL', 'URL301', 'FRAME']);
const MAX_HOSTS = 150;
const LOOK = 'Nothing was written.';

/** Throws when sending the zone back would harm a record. `counted` is what the registrar says the zone holds. */
export function assertCanBeSentBack(
  zone: string,
  { hosts, emailType }: ZoneContent,
  counted: number | undefined,
): void {
  // Without it a write deletes the MX records.
  if (emailType === '') {
    throw refused(
      `Namecheap does not say what the mail setting of ${zone} is, and each write sets it`,
      `${LOOK} Choose a mail setting for the domain in the Namecheap panel.`,
    );
  }
  assertAllShown(zone, hosts, counted);
  for (const host of hosts) {
    const problem = harm(host);
    if (problem === undefined) continue;
    throw refused(
      `${describeHost(host, zone)} ${problem}, and each write sends the whole zone`,
      `${LOOK} Change that record in the Namecheap panel, or move the following names to a zone of their own.`,
    );
  }
}

/** Throws when the zone has records that are not shown. */
export function assertAllShown(zone: string, hosts: readonly Host[], counted: number | undefined): void {
  if (counted === undefined || hosts.length >= counted) return;
  throw refused(
    `Namecheap counts ${counted} records in ${zone} but shows only ${hosts.length}; a write would delete the others`,
    `${LOOK} Look in the Namecheap panel for records that its API does not show, such as SRV, and move them elsewhere.`,
  );
}

function harm(host: Host): string | undefined {
  if (host.isDdnsEnabled) return 'is a dynamic DNS record, which a write would turn into a fixed one';
  if (!host.isActive) return 'is switched off, and a write would switch it on';
  if (host.unknown !== undefined)
    return `has ${host.unknown.join(', ')}, which this program does not know how to send back`;
  if (!WRITABLE_TYPES.has(host.type)) return 'is of a type that the API cannot write';
  if (host.name === '' || host.address === '')
    return 'has an empty name or value, which the API does not take back';
  if (/\p{Cc}/u.test(host.address)) return 'holds a control character, which the API does not take back';
  return undefined;
}

/**
 * The last check before a write, made without trusting the merge: whatever `changes` do not name is there, in its
 * order and byte for byte; every changed name still answers; nothing stands beside a record that excludes it.
 */
export function assertHarmless(
  zone: string,
  before: readonly Host[],
  after: readonly Host[],
  changes: readonly Change<WrittenType>[],
): void {
  const named = changes.map((change) => touches(zone, change));
  const isForeign = (host: Host) => !named.some((isTouched) => isTouched(host));
  if (JSON.stringify(before.filter(isForeign)) !== JSON.stringify(after.filter(isForeign))) {
    throw refused(
      `the new list of ${zone} would change records that are not to be changed`,
      `${LOOK} This is a defect of this program: report it.`,
    );
  }
  if (after.length > MAX_HOSTS && after.length > before.length) {
    throw refused(
      `${zone} would have ${after.length} records, and Namecheap takes ${MAX_HOSTS}`,
      `${LOOK} Remove records that are no longer needed.`,
    );
  }
  const subjects = changes.map(subjectOf).filter(isFollowingSet);
  ofEach(subjects, ({ name }) => assertAnswers(zone, after, name));
}

function assertAnswers(zone: string, after: readonly Host[], name: string): void {
  const types = after.filter((host) => fullName(host, zone) === name).map(({ type }) => type);
  const isCname = types.includes('CNAME');
  if (!types.some((type) => type === 'A' || type === 'AAAA' || type === 'CNAME')) {
    throw refused(
      `${name} would be left without an address`,
      `${LOOK} This is a defect of this program: report it.`,
    );
  }
  if (isCname && name === zone) {
    throw new DnsError(`${name} is the top of its zone, where no CNAME may stand`, {
      kind: 'config',
      action: 'Give the sites an "ip" instead of a "cname", or list another name.',
      names: [name],
    });
  }
  const rival = types.find((type) => (isCname ? type !== 'CNAME' : ANSWERS_ADDRESS.has(type)));
  if (rival !== undefined) {
    const beside = isCname ? 'a CNAME' : 'an address';
    throw new DnsError(`${name} also has a record of type ${rival}, which cannot stand beside ${beside}`, {
      kind: 'refused',
      action: `${LOOK} Remove that record in the Namecheap panel, or take ${name} off DNS_RECORDS.`,
      names: [name],
    });
  }
}
