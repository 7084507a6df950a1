import { KEY, NOWHERE, type ProviderExamples, SECRET } from '../../../testing/example.ts';

export const EXAMPLES: ProviderExamples = {
  right: { CLOUDFLARE_API_TOKEN: 'x'.repeat(40) },
  wrong: {
    CLOUDFLARE_API_TOKEN: [SECRET, `${SECRET} ${SECRET}`],
    CLOUDFLARE_API_URL: ['ftp://x.example.com'],
  },
  offline: { apiToken: `${KEY}01234567`, apiUrl: NOWHERE },
};
