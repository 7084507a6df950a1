import {
  apex,
  bad,
  idn,
  MANY,
  NONE,
  owners,
  type Promises,
  proxy,
  raced,
} from '../../../testing/promises.ts';

export const PROMISES: Promises = {
  atomic: bad('each batch'),
  compareAndSet: raced('no: read right before, and read back'),
  batch: { says: '200 records', test: [MANY, 'cloudflare, a fake'] },
  calls: { says: '7 calls for 1,000', test: [MANY, 'cloudflare, a fake'] },
  idn,
  apex: apex('addresses and CNAME'),
  proxied: { says: 'stays so', test: ['dns/providers/cloudflare/hidden.test.ts', 'a proxied record'] },
  privateZones: NONE,
  proxy,
  ownership: owners('yes, read right before: of two at once one gives way at its next read'),
};
