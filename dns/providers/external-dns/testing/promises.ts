import { apex, bad, contract, idn, NONE, type Promises, raced, SEVERAL } from '../../../testing/promises.ts';

export const PROMISES: Promises = {
  atomic: bad('one object'),
  compareAndSet: raced('yes, of the object'),
  batch: contract('all', SEVERAL),
  calls: contract('one write', SEVERAL),
  idn,
  apex: apex('addresses'),
  proxied: {
    says: 'stays so',
    test: ['dns/providers/external-dns/provider.test.ts', 'of a proxied record the name servers say nothing'],
  },
  privateZones: contract('as ExternalDNS', 'what was accepted can be seen'),
  proxy: NONE,
  ownership: {
    says: 'that of ExternalDNS',
    test: [
      'test/external-dns/external-dns.test.ts',
      'becomes a record, is seen there, and moves with the primary; nothing else of the zone changes',
    ],
  },
};
