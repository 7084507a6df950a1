import { findExternalDns } from '../binaries.ts';
import { freePort } from '../ports.ts';
import { type ChildProcess, startProcess } from '../process.ts';
import type { Ends } from './bench.ts';
import { ADMIN_KEY, type NameServer } from './name-servers.ts';

/** ExternalDNS with the name server as what it writes. Ends with the test. */
export async function startExternalDns(
  ends: Ends,
  zone: string,
  { port, secret }: NameServer,
  ...more: readonly string[]
): Promise<ChildProcess> {
  const program = await findExternalDns();
  const args = [
    '--provider=rfc2136',
    '--rfc2136-host=127.0.0.1',
    `--rfc2136-port=${port}`,
    `--rfc2136-zone=${zone}`,
    `--rfc2136-tsig-keyname=${ADMIN_KEY}`,
    '--rfc2136-tsig-secret-alg=hmac-sha256',
    '--rfc2136-axfr',
    `--domain-filter=${zone}`,
    `--metrics-address=127.0.0.1:${await freePort()}`,
    '--log-level=debug',
    ...more,
  ];
  const env = { EXTERNAL_DNS_RFC2136_TSIG_SECRET: secret };
  const child = await startProcess('external-dns', [program, ...args], { env });
  ends.after(() => child.stop());
  return child;
}
