import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LABELS } from '../../contract/names.ts';
import { createNamespace } from '../support/seed.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';
import { seedsOfRun } from './support/fuzz.ts';
import { ObjectFuzzer } from './support/object-fuzzer.ts';
import { podsBeside } from './support/pods-beside.ts';
import { WRITING_MS } from './support/strength.ts';
import { underAttack } from './support/under-attack.ts';
import { controllerVictim, webhookVictim } from './support/victims.ts';

const plane = await sharedControlPlane();
const seeds = seedsOfRun();

test('a controller and a webhook live through whatever stands in the objects of a tenant', async (t) => {
  const [controller, webhook] = await Promise.all([controllerVictim(t, plane), webhookVictim(t, plane)]);
  const namespace = await createNamespace(plane, 'tenant');
  await webhook.scene.admit(namespace, { [LABELS.status]: 'true' });
  for (const seed of seeds) {
    await t.test(`HOSTILE_SEED=${seed}`, async (t) => {
      const fuzzer = new ObjectFuzzer(plane.api, namespace, seed);
      const write = async (abort: AbortSignal) => {
        const [, pods] = await podsBeside(plane.api, webhook.scene.pods, fuzzer.run(abort));
        return { ...fuzzer.report, ...pods };
      };
      await underAttack(t, controller, () => underAttack(t, webhook, write, WRITING_MS), 10 * WRITING_MS);
      assert.ok(fuzzer.report.stored > 0, 'the API server has refused everything');
    });
  }
  await controller.scene.moveTo('us-west');
  await controller.scene.settled('us-west', 2);
});
