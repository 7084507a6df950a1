import { apex, bad, idn, NONE, owners, type Promises, proxy, raced } from '../../../testing/promises.ts';

export const PROMISES: Promises = {
  atomic: bad('the whole zone'),
  compareAndSet: raced('no: read right before, and read back'),
  batch: {
    says: 'the zone, 150 records',
    test: ['dns/providers/namecheap/refusals.test.ts', 'trap 10: the zone is full'],
  },
  calls: {
    says: '3 or 4 calls',
    test: [
      'dns/providers/namecheap/provider.test.ts',
      'a move takes three calls, four when its turn was waited for; the count is asked for only until it agrees',
    ],
  },
  idn,
  apex: apex('addresses'),
  proxied: NONE,
  privateZones: NONE,
  proxy,
  ownership: owners('yes, read right before: of two at once one gives way at its next read'),
};
