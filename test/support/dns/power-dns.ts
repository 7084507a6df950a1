/** PowerDNS with a database of SQLite, from Debian's packages, on loopback. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { run } from '../binaries/command.ts';
import { findDebianProgram } from '../binaries/debian.ts';
import type { Ends } from '../loopback.ts';
import { freePort } from '../ports.ts';
import { ADMIN_KEY, KEY_NAME, type NameServer, type NameServerOptions, start } from './name-servers.ts';

const PACKAGE = ['pdns-backend-sqlite3', 'pdns_server'] as const;
const LIMIT_MS = 20_000;
const SCHEMA = 'share/pdns-backend-sqlite3/schema/schema.sqlite3.sql';

/** A second zone, `readonly.<zone>`, takes no updates. */
export function startPowerDns(ends: Ends, options: NameServerOptions): Promise<NameServer> {
  return powerDns(ends, options, false);
}

/** With a zone that it signs. */
export function startSignedPowerDns(ends: Ends, options: NameServerOptions): Promise<NameServer> {
  return powerDns(ends, options, true);
}

/** With more settings, such as `--enable-lua-records=yes`. */
export function startPowerDnsWith(...more: readonly string[]): typeof startPowerDns {
  return (ends, options) => powerDns(ends, options, false, more);
}

export interface HttpApi {
  readonly url: string;
  readonly key: string;
}

/** With its HTTP API, by which others write the zone. */
export async function startPowerDnsWithApi(
  ends: Ends,
  options: NameServerOptions,
): Promise<NameServer & { readonly api: HttpApi }> {
  const port = await freePort();
  const key = crypto.randomUUID();
  const server = await powerDns(ends, options, false, [
    '--webserver=yes',
    '--api=yes',
    '--webserver-address=127.0.0.1',
    `--webserver-port=${port}`,
    `--api-key=${key}`,
  ]);
  return { ...server, api: { url: `http://127.0.0.1:${port}`, key } };
}

function powerDns(
  ends: Ends,
  options: NameServerOptions,
  isSigned: boolean,
  more: readonly string[] = [],
): Promise<NameServer> {
  return start(
    ends,
    'powerdns',
    PACKAGE,
    options,
    async (folder, { zone, port, secret, algorithm, records }) => {
      const { path, env } = await findDebianProgram(...PACKAGE);
      const usr = dirname(dirname(path));
      const file = join(folder, 'zones.sqlite');
      const database = new DatabaseSync(file);
      database.exec(await readFile(join(usr, SCHEMA), 'utf8'));
      const key = database.prepare('INSERT INTO tsigkeys (name, algorithm, secret) VALUES (?, ?, ?)');
      for (const name of [KEY_NAME, ADMIN_KEY]) key.run(name, algorithm, secret);
      const keys = [KEY_NAME, ADMIN_KEY];
      addZone(database, zone, records, [
        ...keys.map((name) => ['TSIG-ALLOW-DNSUPDATE', name] as const),
        ['TSIG-ALLOW-AXFR', ADMIN_KEY],
        ['ALLOW-DNSUPDATE-FROM', '127.0.0.0/8'],
      ]);
      addZone(database, `readonly.${zone}`, '', [['ALLOW-DNSUPDATE-FROM', '192.0.2.1/32']]);
      database.close();
      const modules = Object.values(env)
        .flatMap((paths) => paths.split(':'))
        .map((at) => join(at, 'pdns'));
      const settings = {
        launch: 'gsqlite3',
        'gsqlite3-database': file,
        'gsqlite3-dnssec': isSigned ? 'yes' : 'no',
        'socket-dir': folder,
        ...(modules.length > 0 && { 'module-dir': modules.at(-1) }),
      };
      const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
      await writeFile(join(folder, 'pdns.conf'), lines.join(''));
      if (isSigned) {
        const { path: pdnsutil } = await findDebianProgram(PACKAGE[0], 'pdnsutil');
        const abort = AbortSignal.timeout(LIMIT_MS);
        const args = [`--config-dir=${folder}`, 'secure-zone', zone];
        await run(pdnsutil, args, { abort, env: { ...process.env, ...env } });
      }
      return [
        `--config-dir=${folder}`,
        '--local-address=127.0.0.1',
        `--local-port=${port}`,
        '--dnsupdate=yes',
        '--dname-processing=yes',
        '--allow-dnsupdate-from=',
        '--receiver-threads=1',
        '--cache-ttl=0',
        '--query-cache-ttl=0',
        '--negquery-cache-ttl=0',
        '--zone-cache-refresh-interval=0',
        '--daemon=no',
        '--guardian=no',
        '--disable-syslog',
        ...more,
      ];
    },
  );
}

/** `records` in zone file form, one a line. */
function addZone(
  database: DatabaseSync,
  zone: string,
  records: string,
  metadata: readonly (readonly [kind: string, content: string])[],
): void {
  const { lastInsertRowid: id } = database
    .prepare("INSERT INTO domains (name, type) VALUES (?, 'NATIVE')")
    .run(zone);
  const insert = database.prepare(
    'INSERT INTO records (domain_id, name, type, content, ttl, prio, auth) VALUES (?, ?, ?, ?, 300, ?, 1)',
  );
  const full = (name: string) => (name === '@' ? zone : `${name}.${zone}`);
  insert.run(id, zone, 'SOA', `ns1.${zone} hostmaster.${zone} 1 3600 600 86400 60`, 0);
  insert.run(id, zone, 'NS', `ns1.${zone}`, 0);
  insert.run(id, full('ns1'), 'A', '127.0.0.1', 0);
  for (const [, name = '', type = '', value = ''] of records.matchAll(/^(\S+) (\S+) (.+)$/gm)) {
    const [, priority = '0', exchange = value] = /^(\d+) (.+)$/.exec(value) ?? [];
    insert.run(id, full(name), type, exchange.replace(/\.$/, ''), Number(priority));
  }
  const insertMetadata = database.prepare(
    'INSERT INTO domainmetadata (domain_id, kind, content) VALUES (?, ?, ?)',
  );
  for (const [kind, content] of metadata) insertMetadata.run(id, kind, content);
}
