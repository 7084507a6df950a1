// Loaded into every process that the tests start: what it asks of DNS stays on this machine. Whichever server it asks,
// the one of LOOPBACK_NAME_SERVER hears it, or nobody: then it is refused at once.
import dns from 'node:dns/promises';
import { syncBuiltinESMExports } from 'node:module';

const SERVER = process.env.LOOPBACK_NAME_SERVER ?? '127.0.0.1:1';

dns.Resolver = class LoopbackResolver extends dns.Resolver {
  constructor(...options) {
    super(...options);
    super.setServers([SERVER]);
  }

  setServers() {
    super.setServers([SERVER]);
  }
};
syncBuiltinESMExports();
