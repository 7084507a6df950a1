import type { MutatingWebhookConfiguration, WebhookClientConfig } from '../../kubernetes/resources.ts';
import { isOurs } from '../webhook-configuration.ts';
import { accepts, certificatesIn } from './trust.ts';

type Entry = NonNullable<MutatingWebhookConfiguration['webhooks']>[number];

/** The entries that call this webhook, with their indexes. */
function entriesOf(configuration: MutatingWebhookConfiguration): readonly (readonly [number, Entry])[] {
  return [...(configuration.webhooks ?? []).entries()].filter(([, { name }]) => isOurs(name));
}

/** The authorities that the API server trusts in every call of this webhook. */
export function trustedBy(configuration: MutatingWebhookConfiguration): readonly string[] {
  const [first = [], ...others] = entriesOf(configuration).map(([, entry]) => bundleOf(entry));
  return first.filter((certificate) => others.every((bundle) => bundle.includes(certificate)));
}

/** The authorities in any of the entries. */
export function presentIn(configuration: MutatingWebhookConfiguration): readonly string[] {
  return [...new Set(entriesOf(configuration).flatMap(([, entry]) => bundleOf(entry)))];
}

/** The entries whose caBundle does not make the API server accept `leaf`. */
export function distrusting(
  configuration: MutatingWebhookConfiguration,
  leaf: string,
  now: number,
): readonly Entry[] {
  return entriesOf(configuration)
    .map(([, entry]) => entry)
    .filter((entry) => !accepts(bundleOf(entry), leaf, hostOf(entry.clientConfig), now));
}

/** Why the API server would not accept `leaf` in a call of this webhook; empty when it would. */
export function refusals(
  configuration: MutatingWebhookConfiguration,
  leaf: string,
  now: number,
): readonly string[] {
  if (entriesOf(configuration).length === 0)
    return [`${configuration.metadata.name} has no entry of this webhook`];
  return distrusting(configuration, leaf, now).map(
    ({ name, clientConfig }) =>
      `the caBundle of ${name} does not make the certificate for ${hostOf(clientConfig)} trusted`,
  );
}

/**
 * The JSON Patch that gives each of our entries this bundle; undefined when all have it. It fails with a conflict when the
 * configuration was changed meanwhile.
 */
export function bundlePatch(
  configuration: MutatingWebhookConfiguration,
  bundle: readonly string[],
): readonly object[] | undefined {
  const value = Buffer.from(bundle.join('')).toString('base64');
  const wrong = entriesOf(configuration).filter(([, { clientConfig }]) => clientConfig.caBundle !== value);
  if (wrong.length === 0) return undefined;
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: configuration.metadata.resourceVersion },
    ...wrong.map(([index]) => ({ op: 'add', path: `/webhooks/${index}/clientConfig/caBundle`, value })),
  ];
}

function bundleOf({ clientConfig }: Entry): readonly string[] {
  return certificatesIn(Buffer.from(clientConfig.caBundle ?? '', 'base64').toString());
}

/** The name for which the API server verifies the certificate. */
function hostOf({ service, url }: WebhookClientConfig): string {
  if (service !== undefined) return `${service.name}.${service.namespace}.svc`;
  return URL.parse(url ?? '')?.hostname ?? '';
}
