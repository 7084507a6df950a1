import type { Secret } from '../settings/secret.ts';

/** Where notifications go. */
export interface NotifyTarget {
  readonly name: string;
  readonly preset: 'webhook' | 'slack' | 'discord';
  /** An http or https URL when it was read first. */
  readonly url: Secret;
  /** Of Standard Webhooks, each `whsec_…`; none where the preset does not sign. */
  readonly secrets: readonly Secret[];
}
