import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { type MutatingWebhookConfiguration, SECRETS, type Secret } from '../../kubernetes/resources.ts';
import { distrusting } from '../../webhook/certificates/ca-bundle.ts';
import { remakeSecret } from '../../webhook/certificates/store.ts';
import { certificatesIn, validityOf } from '../../webhook/certificates/trust.ts';
import { CONFIGURATION_NAME, secretNameOf } from '../../webhook/webhook-configuration.ts';
import { INJECT_CA_FROM } from '../cluster/chart.ts';
import { type Check, type Finding, problem, type Result, skip, titleOf } from './check.ts';
import type { World } from './world.ts';

const DAY_MS = 86_400_000;
/** Certificates are valid for 90 days and renewed when 30 are left, so with fewer the renewal has failed. */
const FEW_DAYS = 14;

export const CERTIFICATE: Check = {
  name: 'certificate',
  title: 'the certificate of the webhook does not expire soon',
  async find(world): Promise<Result> {
    const { name: secret, isOwn } = await secretOf(world);
    const object = await read(world, secret);
    if (object === undefined && isOwn && (await world.webhookConfiguration()) !== undefined) {
      return { findings: [missing(world, secret)] };
    }
    const leaf = leafIn(object);
    if (leaf === undefined) return skip(absent(world, secret));
    const days = Math.floor((validityOf(leaf).until - world.clock.now()) / DAY_MS);
    const note = `${days} days left`;
    if (days >= FEW_DAYS) return { findings: [], note };
    const text =
      days < 0
        ? `the certificate has expired ${-days} days ago: no labelled pod can be created`
        : `the certificate expires in ${days} days and has not been renewed`;
    const action = isOwn
      ? `See the log of the webhook for why it is not renewed. In an emergency, empty it: kubectl -n ${world.namespace} patch secret ${secret} --type=json -p '[{"op":"remove","path":"/data"}]'`
      : `See why cert-manager does not renew it: kubectl -n ${world.namespace} describe certificates.cert-manager.io`;
    return { findings: [problem(`Secret ${world.namespace}/${secret}`, text, action)] };
  },
};

export const CA_BUNDLE: Check = {
  name: 'ca-bundle',
  title: 'the API server trusts the certificate of the webhook',
  async find(world): Promise<Result> {
    const configuration = await world.webhookConfiguration();
    if (configuration === undefined) return skip('there is no webhook');
    const { name: secret } = await secretOf(world);
    const leaf = leafIn(await read(world, secret));
    if (leaf === undefined) return skip(absent(world, secret));
    return { findings: untrusting(configuration, leaf, world.clock.now()) };
  },
};

/** By the names of the chart: the webhook’s own Secret, or that of the Certificate where cert-manager makes it. */
async function secretOf(world: World): Promise<{ readonly name: string; readonly isOwn: boolean }> {
  const { metadata } = (await world.webhookConfiguration()) ?? {};
  const [, certificate] = (metadata?.annotations?.[INJECT_CA_FROM] ?? '').split('/');
  if (certificate !== undefined) return { name: `${certificate}-certificate`, isOwn: false };
  return { name: secretNameOf(metadata?.name ?? CONFIGURATION_NAME), isOwn: true };
}

function read({ api, namespace }: World, name: string): Promise<Secret | undefined> {
  return api.get(SECRETS, { namespace, name }).catch(ignoreNotFound);
}

/** The certificate that the webhook serves; its key is not read. */
function leafIn(secret: Secret | undefined): string | undefined {
  const [leaf] = certificatesIn(Buffer.from(secret?.data?.['tls.crt'] ?? '', 'base64').toString());
  return leaf;
}

function missing({ namespace }: World, secret: string): Finding {
  return problem(
    `Secret ${namespace}/${secret}`,
    'it is missing, and the webhook may not create it: its replicas keep serving what they have, and one that starts now gets no certificate',
    remakeSecret(namespace, secret),
  );
}

function absent({ namespace }: World, secret: string): string {
  return `there is no Secret ${namespace}/${secret} with one`;
}

function untrusting(configuration: MutatingWebhookConfiguration, leaf: string, now: number): Finding[] {
  const entries = distrusting(configuration, leaf, now);
  if (entries.length === 0) return [];
  return [
    problem(
      titleOf('MutatingWebhookConfiguration', configuration),
      `the caBundle of ${entries.map(({ name }) => name).join(', ')} does not match the certificate: no labelled pod can be created`,
      'The webhook writes it while it runs, so look at its log. A GitOps tool that restores another one must ignore that field.',
    ),
  ];
}
