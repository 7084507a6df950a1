import * as z from 'zod';
import { namespace } from '../../../settings/fields.ts';
import { COMMON } from '../../common.ts';

const SETTINGS = z.object({
  namespace: namespace().optional().meta({
    env: 'EXTERNAL_DNS_NAMESPACE',
    description: 'Namespace of the DNSEndpoint objects; not set: that of the controller.',
  }),
});

export const EXTERNAL_DNS = z
  .object({ provider: z.literal('external-dns'), ...COMMON, 'external-dns': SETTINGS })
  .meta({
    description: 'ExternalDNS, by a DNSEndpoint object: all of its providers. It needs `--source=crd`.',
  });
