import { findExternalDns } from '../binaries.ts';
import type { Ends } from '../loopback.ts';
import { freePort } from '../ports.ts';
import { type ChildProcess, startProcess } from '../process.ts';
import { ADMIN_KEY, type NameServer } from './name-servers.ts';
import type { HttpApi } from './power-dns.ts';

/** What it writes, and how. */
export interface Written {
  readonly zone: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export function byUpdates(zone: string, { port, secret }: NameServer): Written {
  const args = [
    '--provider=rfc2136',
    '--rfc2136-host=127.0.0.1',
    `--rfc2136-port=${port}`,
    `--rfc2136-zone=${zone}`,
    `--rfc2136-tsig-keyname=${ADMIN_KEY}`,
    '--rfc2136-tsig-secret-alg=hmac-sha256',
    '--rfc2136-axfr',
  ];
  return { zone, args, env: { EXTERNAL_DNS_RFC2136_TSIG_SECRET: secret } };
}

export function byPowerDns(zone: string, { url, key }: HttpApi): Written {
  return { zone, args: ['--provider=pdns', `--pdns-server=${url}`], env: { EXTERNAL_DNS_PDNS_API_KEY: key } };
}

export function byRoute53(zone: string, url: string): Written {
  const env = {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
  };
  return { zone, args: ['--provider=aws', '--aws-zone-type=public'], env };
}

/** ExternalDNS. Ends with the test. */
export async function startExternalDns(
  ends: Ends,
  { zone, args, env }: Written,
  ...more: readonly string[]
): Promise<ChildProcess> {
  const program = await findExternalDns();
  const common = [
    `--domain-filter=${zone}`,
    `--metrics-address=127.0.0.1:${await freePort()}`,
    '--log-level=debug',
  ];
  const child = await startProcess('external-dns', [program, ...args, ...common, ...more], { env });
  ends.after(() => child.stop());
  return child;
}
