/** Settings of each provider, as variables. */
import type { ProviderName } from '../../../dns/registry.ts';
import type { Environment } from '../controller-process.ts';

interface Examples {
  /** Enough for it to be made. */
  readonly right: Environment;
  /** For each of its settings values that are none. */
  readonly wrong: Readonly<Record<string, readonly string[]>>;
}

/** In wrong values of secrets; no message may have it. */
export const SECRET = 'never-to-be-shown';

export const PROVIDER_EXAMPLES: Readonly<Record<ProviderName, Examples>> = {
  namecheap: {
    right: { NAMECHEAP_API_USER: 'someone', NAMECHEAP_API_KEY: '0123456789abcdef' },
    wrong: {
      NAMECHEAP_API_USER: ['two words'],
      NAMECHEAP_API_KEY: [`${SECRET} ${SECRET}`],
      NAMECHEAP_USER_NAME: ['two words'],
      NAMECHEAP_CLIENT_IP: ['2001:db8::1', 'me'],
      NAMECHEAP_API_URL: ['api.example.com', 'https://user:word@api.example.com'],
    },
  },
  cloudflare: {
    right: { CLOUDFLARE_API_TOKEN: 'x'.repeat(40) },
    wrong: {
      CLOUDFLARE_API_TOKEN: [SECRET, `${SECRET} ${SECRET}`],
      CLOUDFLARE_API_URL: ['ftp://x.example.com'],
    },
  },
  route53: {
    right: {},
    wrong: {
      ROUTE53_ZONE_ID: ['example.com', '/hostedzone/Z0123456789'],
      ROUTE53_PRIVATE_ZONE: ['perhaps'],
      ROUTE53_API_URL: ['route53'],
    },
  },
  rfc2136: {
    right: {
      RFC2136_SERVER: 'ns1.example.com',
      RFC2136_TSIG_NAME: 'key',
      RFC2136_TSIG_SECRET: 'c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0',
    },
    wrong: {
      RFC2136_SERVER: ['tcp://ns1', 'ns1:0'],
      RFC2136_TSIG_NAME: ['a key'],
      RFC2136_TSIG_SECRET: [SECRET],
      RFC2136_TSIG_ALGORITHM: ['hmac-md5'],
    },
  },
  'external-dns': { right: {}, wrong: { EXTERNAL_DNS_NAMESPACE: ['My Namespace', 'a.b'] } },
  webhook: { right: {}, wrong: { DNS_WEBHOOK_URL: ['localhost:8888', 'http://localhost:8888/?key=x'] } },
};
