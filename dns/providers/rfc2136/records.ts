/** Builds questions about names of a zone and reads the answers. Pure. */
import { zoneError } from '../../errors.ts';
import type { DnsError } from '../../provider.ts';
import { aboutName } from '../../records/name-errors.ts';
import { RECORD_TYPES } from '../../records/record-types.ts';
import type { OtherRecords, RecordSet, TextSet, WrittenType, ZoneQuery } from '../../records.ts';
import { namesUpTo } from '../../zones.ts';
import { answerError } from './errors.ts';
import { CLASSES, decodeValue, type Message, type Question, TYPES } from './message.ts';
import { OTHER_TYPES } from './other-types.ts';

export type Answered = readonly { readonly question: Question; readonly answer: Message }[];

export function question(name: string, type: number): Question {
  return { name, type, class: CLASSES.IN };
}

/** About the sets of `names`, about whether the zone is served and signed, and about delegations at or above the names. */
export function questionsAbout(
  zone: string,
  names: readonly string[],
  texts: readonly string[],
): readonly Question[] {
  const cuts = new Set(names.flatMap((name) => namesUpTo(zone, name)));
  return [
    question(zone, TYPES.SOA),
    question(zone, TYPES.DNSKEY),
    ...names.flatMap((name) => RECORD_TYPES.map((type) => question(name, TYPES[type]))),
    ...texts.map((name) => question(name, TYPES.TXT)),
    ...[...cuts].map((name) => question(name, TYPES.NS)),
  ];
}

/** The names that could not be read, with the reason. Throws DnsError if that applies to the whole zone. */
export function unreadNames(
  { zone, names, texts = [] }: ZoneQuery,
  errors: ReadonlyMap<Question, DnsError>,
): ReadonlyMap<string, DnsError> {
  const ofName = new Map<string, DnsError>();
  const ofCut = new Map<string, DnsError>();
  for (const [{ name, type }, error] of errors) {
    if (type === TYPES.SOA || type === TYPES.DNSKEY) throw error;
    (type === TYPES.NS ? ofCut : ofName).set(name, error);
  }
  const errorOf = (name: string) =>
    ofName.get(name) ?? namesUpTo(zone, name).flatMap((above) => ofCut.get(above) ?? [])[0];
  return new Map(
    [...names, ...texts].flatMap((name) => {
      const error = errorOf(name);
      return error === undefined ? [] : [[name, aboutName(error, name)] as const];
    }),
  );
}

/** Throws DnsError unless the server has the zone. */
export function assertServes(zone: string, answered: Answered): void {
  if (zonesServed(answered).includes(zone)) return;
  const answer = answered.find((each) => each.question.type === TYPES.SOA)?.answer;
  const hasSoa = answer !== undefined && isTop(zone, answer);
  throw zoneError(
    `the server is not authoritative for ${zone}${hasSoa ? '' : ', or there is no such zone'}`,
    'Name the primary server of the zone as RFC2136_SERVER, and write name@zone where the zone is another one.',
  );
}

/** The names that are zones of the server. */
export function zonesServed(answered: Answered): readonly string[] {
  return answered.flatMap(({ question: { name, type }, answer }) =>
    type === TYPES.SOA && isTop(name, answer) && answer.isAuthoritative ? [name] : [],
  );
}

function isTop(zone: string, { answers }: Message): boolean {
  return answers.some(({ name, type }) => name === zone && type === TYPES.SOA);
}

/** Whether the zone is signed. */
export function isSigned(answered: Answered): boolean {
  return answered.some(
    ({ question: { type }, answer }) => type === TYPES.DNSKEY && answer.answers.length > 0,
  );
}

/**
 * Delegations: the server answers with NS records of a name below the top of the zone, from a zone of its own or as a
 * referral. It shows the highest such name.
 */
export function delegations(zone: string, answered: Answered): readonly OtherRecords[] {
  const names = answered.flatMap(({ question: { type }, answer }) =>
    type === TYPES.NS ? [...answer.answers, ...(answer.isAuthoritative ? [] : answer.authorities)] : [],
  );
  const below = names.filter(({ name, type }) => type === TYPES.NS && name.endsWith(`.${zone}`));
  return [...new Set(below.map(({ name }) => name))].map((name) => ({ name, type: 'NS' }));
}

/** DNAME records above a name: the server answers with them in place of records of the name. */
export function redirections(zone: string, answered: Answered): readonly OtherRecords[] {
  const records = answered.flatMap(({ question: { name }, answer }) =>
    answer.answers.filter((record) => record.type === TYPES.DNAME && name.endsWith(`.${record.name}`)),
  );
  const names = records.map(({ name }) => name).filter((name) => name === zone || name.endsWith(`.${zone}`));
  return [...new Set(names)].map((name) => ({ name, type: 'DNAME' }));
}

export function recordSets(answered: Answered): readonly RecordSet[] {
  return answered.flatMap(({ question: { name, type }, answer }) => {
    const recordType = RECORD_TYPES.find((each) => TYPES[each] === type);
    return recordType === undefined ? [] : recordSet(name, recordType, answer);
  });
}

export function textSets(answered: Answered): readonly TextSet[] {
  return answered.flatMap(({ question: { name, type }, answer }) =>
    type === TYPES.TXT ? recordSet(name, 'TXT', answer) : [],
  );
}

/** None or one. The answer may also have the records of a CNAME's target. */
export function recordSet<T extends WrittenType>(
  name: string,
  type: T,
  answer: Message,
): readonly RecordSet<T>[] {
  const records = answer.answers.filter((record) => record.name === name && record.type === TYPES[type]);
  const [first] = records;
  if (first === undefined) return [];
  if (records.some((record) => record.class !== CLASSES.IN))
    throw answerError(name, 'it is of another class');
  return [{ name, type, ttl: first.ttl, values: records.map(({ data }) => decodeValue(type, data)) }];
}

/** ANY, and each type by itself for servers that answer ANY with one of them (RFC 8482). */
export function questionsAboutOthers(names: readonly string[]): readonly Question[] {
  return names.flatMap((name) => [TYPES.ANY, ...OTHER_TYPES.values()].map((type) => question(name, type)));
}

const BESIDE_ANY_CNAME: ReadonlySet<number> = new Set([
  ...RECORD_TYPES.map((type) => TYPES[type]),
  TYPES.RRSIG,
  TYPES.NSEC,
  TYPES.NSEC3,
]);

/** The types in the answers at each name, without those that follow and those of a signed zone. */
export function otherTypes(answered: Answered): readonly Question[] {
  const shown = answered.flatMap(({ question: { name }, answer }) =>
    answer.answers.filter((record) => record.name === name && !BESIDE_ANY_CNAME.has(record.type)),
  );
  const types = new Map(shown.map(({ name, type }) => [`${name} ${type}`, question(name, type)]));
  return [...types.values()];
}
