import { KEY, type ProviderExamples, SECRET } from '../../../testing/example.ts';

export const EXAMPLES: ProviderExamples = {
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
  offline: { server: '127.0.0.1:1', tsigName: 'key', tsigSecret: KEY },
};
