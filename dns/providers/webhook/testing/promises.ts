import {
  apex,
  bad,
  contract,
  idn,
  owners,
  type Promises,
  proxy,
  raced,
  SEVERAL,
} from '../../../testing/promises.ts';

export const PROMISES: Promises = {
  atomic: bad('as the provider'),
  compareAndSet: raced('no: read right before, and read back'),
  batch: contract('all', SEVERAL),
  calls: contract('one write', SEVERAL),
  idn,
  apex: apex('addresses'),
  proxied: {
    says: 'stays so',
    test: ['test/integration/webhook-provider.test.ts', 'of a proxied record the provider alone can tell'],
  },
  privateZones: contract('as the provider', 'what was accepted can be seen'),
  proxy,
  ownership: owners('yes, read right before: of two at once one gives way at its next read'),
};
