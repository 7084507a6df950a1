import { after } from 'node:test';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type ControlPlaneAccess, openControlPlane } from './control-plane-access.ts';
import { installCnpgCrds } from './seed.ts';

/** Where global-setup.ts tells the test files the folder of the control plane that they share. */
export const SHARED_FOLDER = 'TEST_CONTROL_PLANE';

/**
 * The control plane, with controllers and the CloudNativePG CRDs, that the test files of one run share; a test file
 * that is run alone gets one of its own. Everybody works in namespaces of their own and breaks nothing of the server.
 * To be called at the top of a test file.
 */
export async function sharedControlPlane(): Promise<ControlPlaneAccess> {
  const folder = process.env[SHARED_FOLDER];
  if (folder !== undefined) {
    const plane = await openControlPlane(folder);
    after(() => plane.close());
    return plane;
  }
  return ownControlPlane();
}

/** The same for one test file alone, which may break it. */
export async function ownControlPlane(): Promise<ControlPlane> {
  const plane = await startControlPlane({ controllers: true });
  after(() => plane.stop());
  await installCnpgCrds(plane.api);
  return plane;
}
