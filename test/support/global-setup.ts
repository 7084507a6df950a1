/** For `node --test --test-global-setup`: one control plane and one bundle for all the test files of a run. */
import type { ControlPlane } from './control-plane.ts';
import { BUNDLE_IS_BUILT, buildController } from './controller-process.ts';
import { SHARED_FOLDER, startForTests } from './shared-control-plane.ts';

let plane: ControlPlane | undefined;

export async function globalSetup(): Promise<void> {
  [plane] = await Promise.all([startForTests(), buildController()]);
  process.env[BUNDLE_IS_BUILT] = 'true';
  process.env[SHARED_FOLDER] = plane.folder;
}

export async function globalTeardown(): Promise<void> {
  await plane?.stop();
}
