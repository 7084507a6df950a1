/** What an installation needs: `check --pre`. */
import type { Check } from '../checks/check.ts';
import { admission } from './admission.ts';
import { apiVersions } from './apis.ts';
import type { Before } from './before.ts';
import { operator, STORAGE } from './database.ts';
import { dnsCredentials } from './dns.ts';
import { egress } from './egress.ts';
import { installer } from './installer.ts';
import { KUBELETS, nodesOfSites, ZONES } from './nodes.ts';
import { release } from './release.ts';
import { serverVersion } from './version.ts';
import { webhookPort } from './webhook-port.ts';

/** In the order in which they are shown. docs/cli.md is generated from it. */
export function checksBefore(before: Before): readonly Check[] {
  return [
    serverVersion(before),
    KUBELETS,
    ZONES,
    nodesOfSites(before),
    installer(before),
    apiVersions(before),
    release(before),
    admission(before),
    webhookPort(before),
    operator(before),
    STORAGE,
    dnsCredentials(before),
    egress(before),
  ];
}
