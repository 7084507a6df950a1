import { NOWHERE, type ProviderExamples } from '../../../testing/example.ts';

export const EXAMPLES: ProviderExamples = {
  right: {},
  wrong: {
    ROUTE53_ZONE_ID: ['example.com', '/hostedzone/Z0123456789'],
    ROUTE53_PRIVATE_ZONE: ['perhaps'],
    ROUTE53_API_URL: ['route53'],
  },
  offline: { apiUrl: NOWHERE },
};
