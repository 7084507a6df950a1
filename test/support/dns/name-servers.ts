/** Real primary name servers on loopback, from Debian's packages: BIND 9 and Knot. Each serves one zone. */
import { randomBytes } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findDebianProgram } from '../binaries/debian.ts';
import type { Ends } from '../loopback.ts';
import { freePort } from '../ports.ts';
import { type ChildProcess, startProcess } from '../process.ts';
import { REFUSED_HOSTS } from './harness.ts';

/** May query, and update addresses and CNAMEs: what the program needs. */
export const KEY_NAME = 'site-follower';
/** May do everything; for the tests. */
export const ADMIN_KEY = 'admin';

/** What follows. */
const TYPES = 'A AAAA CNAME';

export interface NameServerOptions {
  readonly zone: string;
  /** Records in zone file form, beside SOA and NS. */
  readonly records: string;
  readonly algorithm: string;
  /** What the program's key may update. BIND and Knot alone. */
  readonly types?: string;
}

export interface NameServer {
  readonly port: number;
  /** Base64. */
  readonly secret: string;
  readonly process: ChildProcess;
  readonly resolver: Resolver;
}

type Write = (
  folder: string,
  options: NameServerOptions & { port: number; secret: string },
) => Promise<string[]>;

/** Resolves when it answers. Ends with the test. */
export async function start(
  ends: Ends,
  name: string,
  program: readonly [string, string],
  options: NameServerOptions,
  write: Write,
): Promise<NameServer> {
  const { path, env } = await findDebianProgram(...program);
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  const port = await freePort();
  const secret = randomBytes(32).toString('base64');
  await writeFile(join(folder, 'zone.db'), zoneFile(options));
  const args = await write(folder, { ...options, port, secret });
  const child = await startProcess(name, [path, ...args], { env, cwd: folder });
  ends.after(async () => {
    await child.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  await child.waitUntil(
    `${name} serves ${options.zone}`,
    async () => (await resolver.resolveSoa(options.zone)).serial > 0,
    20_000,
  );
  return { port, secret, process: child, resolver };
}

function zoneFile({ zone, records }: NameServerOptions): string {
  return `$ORIGIN ${zone}.
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 86400 60
@ NS ns1
ns1 A 127.0.0.1
${records}
`;
}

/**
 * BIND 9. A second zone, `readonly.<zone>`, takes no updates, nor do {@link REFUSED_HOSTS} of the program; nobody may ask for
 * `closed.<zone>`, and `broken.<zone>` cannot be loaded.
 */
export function startBind(ends: Ends, options: NameServerOptions): Promise<NameServer> {
  return bind(ends, options, '');
}

/** BIND 9 with a zone that it signs. */
export function startSignedBind(ends: Ends, options: NameServerOptions): Promise<NameServer> {
  return bind(ends, options, '  dnssec-policy default;\n');
}

function bind(ends: Ends, options: NameServerOptions, signing: string): Promise<NameServer> {
  return start(
    ends,
    'bind',
    ['bind9', 'named'],
    options,
    async (folder, { zone, port, secret, algorithm, types = TYPES }) => {
      for (const other of ['readonly', 'closed'])
        await writeFile(
          join(folder, `${other}.db`),
          zoneFile({ ...options, zone: `${other}.${zone}`, records: '' }),
        );
      await writeFile(
        join(folder, 'named.conf'),
        `options {
  directory "${folder}";
  listen-on port ${port} { 127.0.0.1; };
  listen-on-v6 { none; };
  pid-file "${folder}/named.pid";
  session-keyfile "${folder}/session.key";
  recursion no;
  dnssec-validation no;
  allow-transfer { key ${ADMIN_KEY}; };
  notify no;
};
controls {};
key "${KEY_NAME}" { algorithm ${algorithm}; secret "${secret}"; };
key "${ADMIN_KEY}" { algorithm ${algorithm}; secret "${secret}"; };
zone "${zone}" {
  type primary;
  file "zone.db";
${signing}  update-policy { ${denials(zone)}grant ${KEY_NAME} zonesub ${types}; grant ${ADMIN_KEY} zonesub ANY; };
};
zone "readonly.${zone}" { type primary; file "readonly.db"; };
zone "closed.${zone}" { type primary; file "closed.db"; allow-query { none; }; };
zone "broken.${zone}" { type primary; file "absent.db"; };
`,
      );
      return ['-g', '-n', '1', '-c', join(folder, 'named.conf')];
    },
  );
}

function denials(zone: string): string {
  return REFUSED_HOSTS.map((host) => `deny ${KEY_NAME} name ${host}.${zone} ANY; `).join('');
}

/** Knot DNS. As {@link startBind}, but for the hosts. */
export function startKnot(ends: Ends, options: NameServerOptions): Promise<NameServer> {
  return knot(ends, options, '', '');
}

/** Knot DNS with a zone that it signs. The key may delete its signatures there, which a CNAME needs. */
export function startSignedKnot(ends: Ends, options: NameServerOptions): Promise<NameServer> {
  return knot(ends, options, ' RRSIG NSEC', '    dnssec-signing: on');
}

/** As {@link startSignedKnot}, with hashed names in the proofs that a name does not exist. */
export function startNsec3Knot(ends: Ends, options: NameServerOptions): Promise<NameServer> {
  const policy = 'policy:\n  - id: hashed\n    nsec3: on\n';
  return knot(ends, options, ' RRSIG NSEC', '    dnssec-signing: on\n    dnssec-policy: hashed', policy);
}

function knot(
  ends: Ends,
  options: NameServerOptions,
  moreTypes: string,
  signing: string,
  policy = '',
): Promise<NameServer> {
  return start(
    ends,
    'knot',
    ['knot', 'knotd'],
    options,
    async (folder, { zone, port, secret, algorithm, types = TYPES }) => {
      await writeFile(
        join(folder, 'readonly.db'),
        zoneFile({ ...options, zone: `readonly.${zone}`, records: '' }),
      );
      await writeFile(
        join(folder, 'knot.conf'),
        `server:
    listen: 127.0.0.1@${port}
    rundir: ${folder}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: ${folder}
log:
  - target: stderr
    any: info
key:
  - id: ${KEY_NAME}
    algorithm: ${algorithm}
    secret: ${secret}
  - id: ${ADMIN_KEY}
    algorithm: ${algorithm}
    secret: ${secret}
acl:
  - id: follow
    key: ${KEY_NAME}
    action: [update, query]
    update-type: [${`${types}${moreTypes}`.replaceAll(' ', ', ')}]
  - id: all
    key: ${ADMIN_KEY}
    action: [update, query, transfer]
  - id: look
    key: ${KEY_NAME}
    action: query
  - id: everybody
    action: query
${policy}template:
  - id: default
    storage: ${folder}
zone:
  - domain: ${zone}
    file: zone.db
    acl: [follow, all, everybody]
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
${signing}
  - domain: readonly.${zone}
    file: readonly.db
    acl: [look, everybody]
`,
      );
      return ['-c', join(folder, 'knot.conf')];
    },
  );
}
