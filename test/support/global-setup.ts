/** For `node --test --test-global-setup`: one control plane for all the test files of a run. */
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { installCnpgCrds } from './seed.ts';
import { SHARED_FOLDER } from './shared-control-plane.ts';

let plane: ControlPlane | undefined;

export async function globalSetup(): Promise<void> {
  plane = await startControlPlane({ controllers: true });
  await installCnpgCrds(plane.api);
  process.env[SHARED_FOLDER] = plane.folder;
}

export async function globalTeardown(): Promise<void> {
  await plane?.stop();
}
