/** Route 53 as moto plays it, with what moto leaves out (moto-door.ts). */
import { join } from 'node:path';
import {
  ChangeResourceRecordSetsCommand,
  CreateHostedZoneCommand,
  ListResourceRecordSetsCommand,
  Route53Client,
  type RRType,
} from '@aws-sdk/client-route-53';
import { plainName } from '../../../dns/providers/route53/records.ts';
import type { RecordSet } from '../../../dns/records.ts';
import { findPythonPrograms } from '../binaries/python.ts';
import type { Ends } from '../loopback.ts';
import { freePort } from '../ports.ts';
import { startProcess } from '../process.ts';
import type { Harness, OtherRecord } from './harness.ts';
import { startDoor } from './moto-door.ts';

const ZONE = 'example.com';
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET };

type Variables = Readonly<Record<string, string | undefined>>;

export interface MotoHarness extends Harness {
  /** Of AWS, whatever the service. */
  readonly url: string;
  /** A private zone of the same name as `zone`. */
  readonly privateZoneId: string;
  /** Of `a.<zone>`. */
  readonly otherZoneId: string;
  /** Makes a public zone; its id. */
  createZone(name: string, isPrivate?: boolean): Promise<string>;
  /** How often a role was asked for. */
  assumedRoles(): number;
  /** Changes stay under way until they are released. */
  holdChanges(): void;
  releaseChanges(): void;
  /** Variables of this process, which the SDK reads; undefined removes one. As they were when the test ends. */
  environmentOf(ends: Ends, variables: Variables): void;
}

/** An AWS account with a zone in which others have records, and a private one of the same name. */
export async function startMoto(ends: Ends): Promise<MotoHarness> {
  setVariables(ends, {
    AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  });
  const bin = await findPythonPrograms('moto', join(import.meta.dirname, '../moto/requirements.txt'));
  const port = await freePort();
  const moto = await startProcess('moto', [join(bin, 'moto_server'), '-H', '127.0.0.1', '-p', String(port)]);
  ends.after(() => moto.stop());
  await moto.waitForHttp(`http://127.0.0.1:${port}/moto-api/`, 60_000);
  const client = new Route53Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: CREDENTIALS,
  });
  ends.after(() => client.destroy());
  const id = await createZone(client, ZONE);
  await put(client, id, { name: ZONE, type: 'MX', ttl: 300, values: ['10 mail.example.org'] });
  await put(client, id, { name: `www.${ZONE}`, type: 'CNAME', ttl: 300, values: ['shop.example.org'] });
  await put(client, id, { name: `*.${ZONE}`, type: 'A', ttl: 300, values: ['203.0.113.200'] });
  // Of two zones below one is delegated.
  const nestedZone = `nested.${ZONE}`;
  const nameServers = ['ns1.example.org', 'ns2.example.org'];
  await createZone(client, nestedZone);
  await put(client, id, { name: nestedZone, type: 'NS', ttl: 300, values: nameServers });
  const door = await startDoor(ends, port);
  const shut = await startDoor(ends, port);
  shut.refuseAll(403, 'InvalidClientTokenId', 'The security token included in the request is invalid.');
  const environment = { DNS_PROVIDER: 'route53', ROUTE53_API_URL: door.url };
  return {
    zone: ZONE,
    nestedZone,
    strangeZone: 'example.org',
    environment,
    wrongCredentials: { environment: { ...environment, ROUTE53_API_URL: shut.url }, secret: SECRET },
    at: (address) => ({ ...environment, ROUTE53_API_URL: `http://${address}` }),
    dump: () => dump(client, id),
    meddle: (set) => put(client, id, set),
    addOther: ({ name, type, value }) => put(client, id, { name, type, ttl: 300, values: [value] }),
    refuse: (name) => putAlias(client, id, name),
    rateLimit: () => door.refuseOnce(400, 'Throttling', 'Rate exceeded'),
    keepsCondition: true,
    isAtomic: true,
    url: door.url,
    calls: () => door.calls(),
    privateZoneId: await createZone(client, ZONE, true),
    otherZoneId: await createZone(client, `a.${ZONE}`),
    createZone: (name, isPrivate) => createZone(client, name, isPrivate),
    assumedRoles: () => door.assumedRoles(),
    holdChanges: () => door.hold(true),
    releaseChanges: () => door.hold(false),
    environmentOf: setVariables,
  };
}

function setVariables(ends: Ends, variables: Variables): void {
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    setVariable(name, value);
    ends.after(() => setVariable(name, before));
  }
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

async function createZone(client: Route53Client, name: string, isPrivate = false): Promise<string> {
  const command = new CreateHostedZoneCommand({
    Name: name,
    CallerReference: crypto.randomUUID(),
    HostedZoneConfig: { PrivateZone: isPrivate },
    ...(isPrivate && { VPC: { VPCId: 'vpc-1', VPCRegion: 'us-east-1' } }),
  });
  const { HostedZone: zone } = await client.send(command);
  return (zone?.Id ?? '').replace('/hostedzone/', '');
}

type AnySet = Omit<RecordSet, 'type'> & { readonly type: RecordSet['type'] | OtherRecord['type'] };

async function put(client: Route53Client, id: string, { name, type, ttl, values }: AnySet): Promise<void> {
  const set = { Name: name, Type: type, TTL: ttl, ResourceRecords: values.map((Value) => ({ Value })) };
  const ChangeBatch = { Changes: [{ Action: 'UPSERT' as const, ResourceRecordSet: set }] };
  await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: id, ChangeBatch }));
}

async function putAlias(client: Route53Client, id: string, name: string): Promise<void> {
  const AliasTarget = {
    HostedZoneId: 'Z2FDTNDATAQYW2',
    DNSName: 'd123.cloudfront.net',
    EvaluateTargetHealth: false,
  };
  const set = { Name: name, Type: 'A' as const, AliasTarget };
  const ChangeBatch = { Changes: [{ Action: 'UPSERT' as const, ResourceRecordSet: set }] };
  await client.send(new ChangeResourceRecordSetsCommand({ HostedZoneId: id, ChangeBatch }));
}

async function dump(client: Route53Client, id: string): Promise<readonly string[]> {
  const lines: string[] = [];
  let from: { readonly StartRecordName?: string; readonly StartRecordType?: RRType } = {};
  for (;;) {
    const page = await client.send(new ListResourceRecordSetsCommand({ HostedZoneId: id, ...from }));
    for (const { Name = '', Type, TTL, ...rest } of page.ResourceRecordSets ?? [])
      lines.push(`${plainName(Name)} ${Type} ${TTL} ${JSON.stringify(rest)}`);
    const { NextRecordName: name, NextRecordType: type } = page;
    if (page.IsTruncated !== true || name === undefined || type === undefined) return lines.sort();
    from = { StartRecordName: name, StartRecordType: type };
  }
}
