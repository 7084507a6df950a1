/** What every trigger promises, as tests on a harness. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { STATUS_CONFIGMAP } from '../../contract/names.ts';
import type { HoldReason } from '../../contract/reasons.ts';
import { loadConfig } from '../../controller/config.ts';
import { rightsOf } from '../../controller/rights.ts';
import { rightsOfTrigger, TRIGGERS } from '../../controller/triggers/registry.ts';
import type { Permission } from '../../runtime/rights.ts';
import { choiceOf } from '../../settings/schema.ts';
import { assertOneHistory, ConfigMapHistory } from '../support/config-map-history.ts';
import { startController } from '../support/controller-process.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import type { Verb } from '../support/proxy/target.ts';
import { grant, regrant } from '../support/rbac.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { createGround, type Place, type StartTriggerHarness } from '../support/triggers/harness.ts';
import { TRIGGER_HARNESSES } from '../support/triggers/harnesses.ts';

const plane = await sharedControlPlane();

/** Every look asks again: what a watch does not tell is known within this time. */
const RESYNC_SECONDS = '1';
const LIMIT_MS = 30_000;

test('each trigger has a harness', () => {
  const harnesses = new Set<string | undefined>(
    Object.keys(TRIGGER_HARNESSES).map((name) => name.split(',')[0]),
  );
  assert.deepEqual(harnesses, new Set(choiceOf(TRIGGERS).options.map(({ name }) => name)));
});

describe('the contract of triggers', { concurrency: 3 }, () => {
  for (const [name, start] of Object.entries(TRIGGER_HARNESSES)) {
    test(name, (t) => triggerContract(t, start));
  }
});

async function triggerContract(t: TestContext, start: StartTriggerHarness): Promise<void> {
  const ground = await createGround(t, plane);
  const { own } = ground;
  const harness = await start(ground);
  const { sites = ground.sites, nodes = ground.nodes } = harness;
  const text = JSON.stringify({ followers: [{ sites, trigger: harness.settings }] });
  const loaded = loadConfig({ CONFIG_FILE: 'x' }, () => text);
  assert.ok(loaded.ok);
  const [follower] = loaded.value.followers;
  const granted = {
    user: { name: `controller-of-${own}` },
    rights: rightsOf(follower, { namespace: own, configMapName: STATUS_CONFIGMAP }),
  };
  const needed = rightsOfTrigger(follower.trigger);
  await grant(plane, granted);
  const proxy = await startFaultProxy(plane);
  t.after(() => proxy.stop());
  const status = await ConfigMapHistory.start(plane.api, { namespace: own, name: STATUS_CONFIGMAP });
  t.after(() => status.stop());
  const file = join(plane.folder, `${own}.yaml`);
  await writeFile(file, text);
  await harness.lead('east');
  const controller = await startController({
    KUBECONFIG: await plane.kubeconfigFor(granted.user, { server: proxy.url }),
    POD_NAMESPACE: own,
    CONFIG_FILE: file,
    RESYNC_SECONDS,
  });
  t.after(() => controller.child.stop(10_000));

  let epoch = 1;
  const settled = (site: Place) =>
    status.untilStatus(
      `${site} is settled in epoch ${epoch}`,
      (now) => now.activeSite === site && now.epoch === epoch && now.phase === 'Settled',
      LIMIT_MS,
    );
  const move = async (site: Place) => {
    await harness.lead(site);
    epoch += 1;
    const { activeNode } = await settled(site);
    assert.equal(activeNode, nodes[site]);
  };
  /** Held for this reason, with all the rest as it was. */
  const held = async (reason: HoldReason) => {
    const before = status.last?.status;
    const now = await status.untilStatus(
      `it is held because of ${reason}`,
      (each) => each.reason.startsWith(`${reason}: `),
      LIMIT_MS,
    );
    assert.deepEqual(
      [now.activeSite, now.activeNode, now.primary, now.epoch, now.phase],
      [before?.activeSite, before?.activeNode, before?.primary, epoch, 'Held'],
    );
    return now.reason;
  };

  await t.test('follows the primary to whatever site it moves', async () => {
    const { activeNode } = await settled('east');
    assert.equal(activeNode, nodes.east);
    for (const site of ['west', 'south', 'east'] as const) await move(site);
  });

  await t.test('holds when the primary vanishes, and knows it when it comes back', async () => {
    await harness.vanish();
    await held(harness.vanished);
    await harness.lead('east');
    await settled('east');
    await harness.vanish();
    await held(harness.vanished);
    await move('west');
  });

  for (const { what, reason, enter } of harness.garbage) {
    await t.test(`makes nothing of garbage: ${what}`, async () => {
      await move('east');
      await enter();
      await held(reason);
      await move('south');
    });
  }

  await t.test('holds while what it follows does not answer, and then catches up', async (step) => {
    const { source } = harness;
    if (source === undefined) return step.skip('it follows the status itself');
    const isOwn = 'cut' in source;
    const heal = isOwn ? source.cut() : proxy.inject(source, { kind: 'answer', status: 503 });
    await held(isOwn ? source.reason : 'ApiError');
    await harness.lead('west');
    heal();
    epoch += 1;
    await settled('west');
  });

  await t.test('catches up when the API server was away', async () => {
    await move('east');
    await proxy.close();
    await harness.lead('south');
    assert.equal(status.last?.status?.activeSite, 'east');
    await proxy.open();
    epoch += 1;
    await settled('south');
  });

  await t.test('holds when its rights are taken away, and says what is forbidden', async (step) => {
    if (needed.length === 0) return step.skip('it needs none of its own');
    // One that everybody has would do the same.
    const isTaken = ({ namespace, resource }: Permission) =>
      needed.some((right) => right.resource === resource && [right.namespace, undefined].includes(namespace));
    await regrant(plane, granted, (right) => !isTaken(right));
    const reason = await held(harness.refused ?? 'ApiError');
    assert.match(reason, /forbidden/);
    await regrant(plane, granted, () => true);
    await move('west');
  });

  await t.test('needs each of its rights, and no other', async () => {
    const unused = needed.flatMap(({ resource, verbs }) =>
      verbs
        .filter((verb) => proxy.count({ verbs: [verb as Verb], resource }) === 0)
        .map((verb) => `${verb} ${resource}`),
    );
    assert.deepEqual(unused, []);
    assertOneHistory(status.versions);
    const { code } = await controller.child.stop();
    assert.equal(code, 0);
  });
}
