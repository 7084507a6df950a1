import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { authoritativeLookup } from '../../../dns/records/authoritative.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { run } from '../binaries/command.ts';
import { findDebianProgram } from '../binaries/debian.ts';
import type { Ends } from '../loopback.ts';
import type { Harness } from './harness.ts';
import { ADMIN_KEY, KEY_NAME, type NameServer, startBind, startSignedBind } from './name-servers.ts';

export const ZONE = 'example.test';
/** Beside the signature of the transfer: what changes by itself with every update, and how far BIND is with its signing. */
const MADE_BY_SERVER = /\sIN\s+(SOA|RRSIG|NSEC|NSEC3|NSEC3PARAM|TYPE65534)\s|\sTSIG\s/;
const LIMIT_MS = 20_000;
/** Somebody else's; a wildcard answers for every name that has no record. */
const RECORDS = `@ MX 10 mail.example.org.
@ TXT "v=spf1 -all"
* A 203.0.113.200
* AAAA 2001:db8::200
www CNAME shop.example.org.
mail A 203.0.113.25
new TXT "stays"
`;

const RARE: Readonly<Record<string, string>> = {
  DHCID: 'AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=',
  CERT: '1 0 0 AAAA',
  DNAME: 'elsewhere.example.org.',
};
/** With one of private use, which PowerDNS takes from no update. */
export const RARE_AND_PRIVATE = { ...RARE, TYPE65333: '\\# 2 abcd' };

export interface NameServerHarness extends Harness {
  readonly server: NameServer;
}

/** A real name server, with BIND's own tools for looking and meddling. */
export function nameServerHarness(
  startServer: typeof startBind,
  algorithm: string,
  rare = RARE,
  records = RECORDS,
) {
  return async (ends: Ends): Promise<NameServerHarness> => {
    const server = await startServer(ends, { zone: ZONE, records, algorithm });
    const folder = await mkdtemp(join(tmpdir(), 'dns-tools-'));
    ends.after(() => rm(folder, { recursive: true, force: true }));
    const keyFile = join(folder, 'key');
    await writeFile(keyFile, `key "${ADMIN_KEY}" { algorithm ${algorithm}; secret "${server.secret}"; };\n`);
    const environment = {
      DNS_PROVIDER: 'rfc2136',
      RFC2136_SERVER: `127.0.0.1:${server.port}`,
      RFC2136_TSIG_NAME: KEY_NAME,
      RFC2136_TSIG_SECRET: server.secret,
      RFC2136_TSIG_ALGORITHM: algorithm,
    };
    const wrong = Buffer.from('this is not the key at all, not at all').toString('base64');
    const servers = [{ name: 'ns1', addresses: [`127.0.0.1:${server.port}`] }];
    const update = async (...lines: readonly string[]): Promise<void> => {
      const script = join(folder, 'update');
      const text = [`server 127.0.0.1 ${server.port}`, `zone ${ZONE}.`, ...lines, 'send', ''];
      await writeFile(script, text.join('\n'));
      await tool('nsupdate', ['-v', '-k', keyFile, script]);
    };
    return {
      server,
      zone: ZONE,
      nestedZone: `readonly.${ZONE}`,
      strangeZone: 'example.org',
      environment,
      wrongCredentials: { environment: { ...environment, RFC2136_TSIG_SECRET: wrong }, secret: wrong },
      at: (address) => ({ ...environment, RFC2136_SERVER: address }),
      dump: () => transfer(server, keyFile),
      meddle: ({ name, type, ttl, values }) =>
        update(
          `update delete ${name}. ${type}`,
          ...values.map((value) => `update add ${name}. ${ttl} ${type} ${value}`),
        ),
      addOther: ({ name, type, value }) => update(`update add ${name}. 300 ${type} ${value}`),
      rare: {
        types: Object.keys(rare),
        add: (name, type) => update(`update add ${name}. 300 ${type} ${rare[type]}`),
      },
      ask: authoritativeLookup(systemClock, () => Promise.resolve(servers)),
      isAtomic: true,
      keepsCondition: true,
      ...(isBind(startServer) && { refuse: () => Promise.resolve() }),
    };
  };
}

/** It alone grants a key some names of a zone and not others. */
function isBind(startServer: typeof startBind): boolean {
  return startServer === startBind || startServer === startSignedBind;
}

async function transfer({ port }: NameServer, keyFile: string): Promise<readonly string[]> {
  const flags = ['+tcp', '+noall', '+answer', '+onesoa'];
  const text = await tool('dig', [
    '-k',
    keyFile,
    '-p',
    String(port),
    '@127.0.0.1',
    ZONE,
    'AXFR',
    ...flags,
    '+ttlid',
  ]);
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(';') && !MADE_BY_SERVER.test(line))
    .map((line) => line.replace(/^(\S+)\.\s+(\d+)\s+IN\s+(\S+)\s+/, '$1 $3 $2 '))
    .sort();
}

async function tool(name: 'dig' | 'nsupdate', args: readonly string[]): Promise<string> {
  const { path, env } = await findDebianProgram('bind9-dnsutils', name);
  return run(path, args, { abort: AbortSignal.timeout(LIMIT_MS), env: { ...process.env, ...env } });
}
