import assert from 'node:assert/strict';
import { test } from 'node:test';
import { REPORT_CONFIGMAP } from '../../contract/names.ts';
import { CONFIG_MAPS } from '../../kubernetes/resources.ts';
import { Checks } from '../support/checks.ts';
import { nameServerHarness, ZONE } from '../support/dns/name-server-harness.ts';
import { startBind, startKnot } from '../support/dns/name-servers.ts';
import { answeredBy } from '../support/loopback-dns.ts';
import { createScene } from '../support/scene.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();
const NAME = `app.${ZONE}`;
const SIX_MINUTES_MS = 6 * 60_000;

test('kubectl site-follower check finds a domain that is delegated to other name servers', async (t) => {
  const own = await nameServerHarness(startKnot, 'hmac-sha256')(t);
  const others = await nameServerHarness(startBind, 'hmac-sha256')(t);
  const scene = await createScene(t, plane);
  const controller = await scene.startAndSettle({ ...own.environment, DNS_RECORDS: `${NAME}@${ZONE}` });
  const checksAt = ({ server }: typeof own) =>
    new Checks(scene.namespace, plane.kubeconfig, answeredBy(server.port));
  await checksAt(own).mended('dns');
  // The wildcard of the zone answers there, but a provider may need minutes to tell its name servers.
  await checksAt(others).mended('dns');

  // Nobody writes the report any more, and what it says can grow old.
  await controller.stop();
  const key = { namespace: scene.namespace, name: REPORT_CONFIGMAP };
  const { data = {} } = await plane.api.get(CONFIG_MAPS, key);
  const [record] = JSON.parse(data.dns ?? '') as [{ accepted: { at: string } }];
  const at = new Date(Date.parse(record.accepted.at) - SIX_MINUTES_MS).toISOString();
  const dns = JSON.stringify([{ ...record, accepted: { ...record.accepted, at } }]);
  await plane.api.patch(CONFIG_MAPS, key, { data: { dns } }, { type: 'merge' });
  const { text, action } = await checksAt(others).finds(
    'dns',
    'warning',
    new RegExp(`^DNS ${NAME} A$`),
    /^ns1\.example\.test still say 203\.0\.113\.200, 6m\S* after the provider accepted 192\.0\.2\.10$/,
  );
  assert.match(action, /delegated/, text);
  await checksAt(own).mended('dns');
});
