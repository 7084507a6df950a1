import * as z from 'zod';
import { secret } from '../../../settings/fields.ts';
import { COMMON } from '../../common.ts';
import { parseServer } from '../../records/server-address.ts';
import { isDnsName } from '../../zones.ts';

const SETTINGS = z.object({
  server: z
    .string('must be a host name or address')
    .transform((text, context) => {
      const address = parseServer(text);
      if (address !== undefined) return address;
      context.addIssue(
        'must be a host name or address, with a port if it is not 53, such as ns1.example.com:53',
      );
      return z.NEVER;
    })
    .optional()
    .meta({
      env: 'RFC2136_SERVER',
      description: 'Primary name server of the zones, with a port if it is not 53; it must answer by TCP.',
    }),
  tsigName: z
    .string('must be the name of the key')
    .transform((name) => name.toLowerCase().replace(/\.$/, ''))
    .refine(isDnsName, 'must be the name of the key, in the form of a DNS name')
    .optional()
    .meta({ env: 'RFC2136_TSIG_NAME', description: 'Name of the TSIG key that the server knows.' }),
  tsigSecret: secret(
    'must be the key in base64',
    (text) => /^[A-Za-z0-9+/]{8,}={0,2}$/.test(text) && text.length % 4 === 0,
  )
    .optional()
    .meta({ env: 'RFC2136_TSIG_SECRET', description: 'The key itself, in base64.', secret: true }),
  tsigAlgorithm: z
    .enum(['hmac-sha256', 'hmac-sha384', 'hmac-sha512'], 'must be hmac-sha256, hmac-sha384 or hmac-sha512')
    .default('hmac-sha256')
    .meta({ env: 'RFC2136_TSIG_ALGORITHM', description: 'Algorithm of the key.' }),
});

export const RFC2136 = z
  .object({ provider: z.literal('rfc2136'), ...COMMON, rfc2136: SETTINGS })
  .meta({ description: 'A name server of one’s own (BIND, Knot, PowerDNS, …), by signed dynamic updates.' });
