import { isIP } from 'node:net';
import * as z from 'zod';
import { flag, matching, whole } from '../settings/fields.ts';
import { formatServer, parseServer } from './records/server-address.ts';
import { MAX_TTL } from './records.ts';
import { type DnsName, parseRecords } from './zones.ts';

/** In names of owner records; ExternalDNS fills in the type of the record. */
const AFFIX = /^(?:[a-z0-9._-]|%\{record_type\}){0,63}$/;
const AFFIX_PROBLEM = 'must be at most 63 lower-case letters, digits, "-", "_", "." and %{record_type}';

/** What every record set has, whatever its provider. */
export const COMMON = {
  name: matching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/, 'must be 1 to 32 lower-case letters, digits and "-"')
    .optional()
    .meta({ description: 'Name of the record set in report and metrics; the provider’s name when not set.' }),
  records: recordNames().default([]).meta({
    env: 'DNS_RECORDS',
    description:
      'Comma-separated names that follow the active site; `name@zone` states the zone; not stated, it is the longest that the provider has, or what was registered. No names: no DNS.',
  }),
  ttl: whole(0, MAX_TTL).default(60).meta({
    env: 'DNS_TTL',
    description: 'Seconds that resolvers may keep the records; as few as the provider takes.',
  }),
  nameServers: nameServers().default([]).meta({
    env: 'DNS_NAME_SERVERS',
    description:
      'Comma-separated addresses of name servers, with a port if it is not 53, that are asked whether a change is visible; for zones that are not delegated publicly. When not set: those that the zone is delegated to.',
  }),
  owner: z.object({
    id: matching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'must be 1 to 63 letters, digits, "-", "_" and "."')
      .optional()
      .meta({
        env: 'DNS_OWNER_ID',
        description:
          'Tell in TXT records, as ExternalDNS does with `--txt-owner-id`, that the records belong to this, and leave alone those of others. See [ownership](dns.md#ownership).',
      }),
    prefix: matching(AFFIX, AFFIX_PROBLEM).default('').meta({
      env: 'DNS_OWNER_PREFIX',
      description: 'Before the names of these TXT records, as ExternalDNS has it with `--txt-prefix`.',
    }),
    suffix: matching(AFFIX, AFFIX_PROBLEM)
      .default('')
      .meta({ env: 'DNS_OWNER_SUFFIX', description: 'The same for `--txt-suffix`; one of the two alone.' }),
    wildcard: matching(/^[a-z0-9_-]{0,63}$/, 'must be lower-case letters, digits, "-" and "_"')
      .default('')
      .meta({
        env: 'DNS_OWNER_WILDCARD',
        description:
          'In place of a `*` in these names, as ExternalDNS has it with `--txt-wildcard-replacement`.',
      }),
    adopt: flag().default(false).meta({
      env: 'DNS_OWNER_ADOPT',
      description:
        'Take records that are there and belong to nobody. Those of another owner are never taken.',
    }),
  }),
};

function recordNames() {
  return z
    .array(z.string('must be a DNS name'), 'must be a list of DNS names')
    .transform((items, context): readonly DnsName[] => {
      const { records, problems } = parseRecords(items);
      for (const { record, problem } of problems) {
        const index = items.findIndex((item) => item.trim() === record);
        context.addIssue({ code: 'custom', path: [index], message: problem });
      }
      return records;
    });
}

function nameServers() {
  const problem = 'must be the address of a name server, with a port if it is not 53, such as 192.0.2.53';
  return z.array(
    z.string(problem).transform((text, context) => {
      const address = parseServer(text);
      if (address !== undefined && isIP(address.host) !== 0) return formatServer(address);
      context.addIssue(problem);
      return z.NEVER;
    }),
    'must be a list of addresses',
  );
}
