/**
 * The image and the chart on a real Kubernetes with a real CloudNativePG: installed once, run through everything, taken
 * away. One run in order, as each case finds the cluster as the one before it left it. docs/testing.md says what each
 * E2E_ variable is for; without E2E_KUBECONFIG all of it is skipped.
 */
import { after, before, describe } from 'node:test';
import { commandLineCases } from './cases/command-line.ts';
import { databaseCase } from './cases/databases.ts';
import { installCases } from './cases/install.ts';
import { moveCases } from './cases/moves.ts';
import { reinstallCase, uninstallCase, upgradeCase } from './cases/releases.ts';
import { rightsCase } from './cases/rights.ts';
import { rolloutCases } from './cases/rollouts.ts';
import { siteCases } from './cases/sites.ts';
import { stormCase } from './cases/storms.ts';
import { webhookAwayCase } from './cases/webhook-away.ts';
import { readSettings } from './support/settings.ts';
import { Suite } from './support/suite.ts';

const settings = readSettings(process.env);
const skip = settings === undefined && 'E2E_KUBECONFIG names no cluster: see docs/testing.md';

describe('on a real cluster', { skip, concurrency: false }, () => {
  let opened: Suite | undefined;
  const suite = () => {
    if (opened === undefined) throw new Error('the cluster was not opened');
    return opened;
  };

  before(async () => {
    if (settings !== undefined) opened = await Suite.open(settings);
  });

  after(async () => {
    await opened?.finish();
  });

  installCases(suite);
  moveCases(suite);
  commandLineCases(suite);
  siteCases(suite);
  databaseCase(suite);
  rolloutCases(suite);
  webhookAwayCase(suite);
  stormCase(suite);
  upgradeCase(suite, 'server-side');
  reinstallCase(suite, 'client-side');
  upgradeCase(suite, 'client-side');
  rightsCase(suite);
  uninstallCase(suite);
});
