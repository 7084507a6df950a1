/** What an installation needs: `check --pre`. */
import type { Check } from '../checks/check.ts';
import { ADMISSION } from './admission.ts';
import { API_VERSIONS } from './apis.ts';
import type { Before } from './before.ts';
import { OPERATOR, STORAGE } from './database.ts';
import { DNS_CREDENTIALS } from './dns.ts';
import { EGRESS } from './egress.ts';
import { INSTALLER } from './installer.ts';
import { KUBELETS, NODES_OF_SITES, ZONES } from './nodes.ts';
import { RELEASE } from './release.ts';
import { SERVER_VERSION } from './version.ts';
import { WEBHOOK_PORT } from './webhook-port.ts';

/** In the order in which they are shown. docs/cli.md is generated from it. */
export const CHECKS_BEFORE: readonly Check<Before>[] = [
  SERVER_VERSION,
  KUBELETS,
  ZONES,
  NODES_OF_SITES,
  INSTALLER,
  API_VERSIONS,
  RELEASE,
  ADMISSION,
  WEBHOOK_PORT,
  OPERATOR,
  STORAGE,
  DNS_CREDENTIALS,
  EGRESS,
];
