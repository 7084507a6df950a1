import { NOWHERE, type ProviderExamples } from '../../../testing/example.ts';

export const EXAMPLES: ProviderExamples = {
  right: {},
  wrong: { DNS_WEBHOOK_URL: ['localhost:8888', 'http://localhost:8888/?key=x'] },
  offline: { url: NOWHERE },
};
