import type { ProviderExamples } from '../../../testing/example.ts';

export const EXAMPLES: ProviderExamples = {
  right: {},
  wrong: { EXTERNAL_DNS_NAMESPACE: ['My Namespace', 'a.b'] },
  offline: {},
};
