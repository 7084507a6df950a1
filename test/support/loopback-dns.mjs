// Loaded into every process that the tests start: what it asks of DNS stays on this machine, and is refused at once.
import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';

const NOBODY = '127.0.0.1:1';

dns.Resolver = class LoopbackResolver extends dns.Resolver {
  constructor(...options) {
    super(...options);
    this.setServers([NOBODY]);
  }
};
syncBuiltinESMExports();
