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
  compareAndSet: raced('yes'),
  batch: { says: '400 names', test: [MANY, 'route53, moto'] },
  calls: { says: '7 calls for 1,000', test: [MANY, 'route53, moto'] },
  idn,
  apex: apex('addresses'),
  proxied: NONE,
  privateZones: {
    says: 'yes',
    test: ['test/integration/route53.test.ts', 'the public and the private zone of one name are told apart'],
  },
  proxy,
  ownership: owners('yes, of two at once one is refused'),
};
