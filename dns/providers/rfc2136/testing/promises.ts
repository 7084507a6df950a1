import {
  apex,
  bad,
  contract,
  idn,
  MANY,
  NONE,
  owners,
  type Promises,
  raced,
} from '../../../testing/promises.ts';

export const PROMISES: Promises = {
  atomic: bad('each message'),
  compareAndSet: raced('yes'),
  batch: { says: '60 kB, some 400 names', test: [MANY, 'rfc2136, BIND 9'] },
  calls: { says: 'some round trips', test: [MANY, 'rfc2136, PowerDNS'] },
  idn,
  apex: apex('addresses'),
  proxied: NONE,
  privateZones: contract('yes', 'what was accepted can be seen'),
  proxy: NONE,
  ownership: owners('yes, of two at once one is refused'),
};
