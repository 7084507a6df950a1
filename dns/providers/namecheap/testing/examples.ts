import { KEY, NOWHERE, type ProviderExamples, SECRET } from '../../../testing/example.ts';

export const EXAMPLES: ProviderExamples = {
  right: { NAMECHEAP_API_USER: 'someone', NAMECHEAP_API_KEY: '0123456789abcdef' },
  wrong: {
    NAMECHEAP_API_USER: ['two words'],
    NAMECHEAP_API_KEY: [`${SECRET} ${SECRET}`],
    NAMECHEAP_USER_NAME: ['two words'],
    NAMECHEAP_CLIENT_IP: ['2001:db8::1', 'me'],
    NAMECHEAP_API_URL: ['api.example.com', 'https://user:word@api.example.com'],
  },
  offline: { apiUser: 'example', apiKey: KEY, clientIp: '127.0.0.1', apiUrl: NOWHERE },
};
