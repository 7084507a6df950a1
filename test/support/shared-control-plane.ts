import { after } from 'node:test';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { type ControlPlaneAccess, openControlPlane } from './control-plane-access.ts';
import { installCnpgCrds } from './seed.ts';

/** Where global-setup.ts tells the test files the folder of the control plane that they share. */
export const SHARED_FOLDER = 'TEST_CONTROL_PLANE';
/** The name in the certificate that the API server shows to webhooks that ask for one. */
export const API_SERVER = 'api-server';

/**
 * The control plane, with controllers and the CloudNativePG CRDs, that the test files of one run share; a test file
 * that is run alone gets one of its own. Everybody works in namespaces of their own and breaks nothing of the server.
 * To be called at the top of a test file.
 */
export async function sharedControlPlane(): Promise<ControlPlaneAccess> {
  const folder = process.env[SHARED_FOLDER];
  if (folder === undefined) return ownControlPlane();
  const plane = await openControlPlane(folder);
  after(() => plane.close());
  return plane;
}

let own: { readonly plane: Promise<ControlPlane>; users: number } | undefined;

/**
 * The same for the test files of one process: it is one file, which may break it, or several that run.ts has one after
 * the other, each in a cluster where nobody else is at work. To be called at the top of a test file.
 */
export function ownControlPlane(): Promise<ControlPlane> {
  own ??= { plane: startForTests(), users: 0 };
  const mine = own;
  mine.users += 1;
  after(async () => {
    mine.users -= 1;
    if (mine.users > 0) return;
    own = undefined;
    await (await mine.plane).stop();
  });
  return mine.plane;
}

export async function startForTests(): Promise<ControlPlane> {
  const plane = await startControlPlane({ controllers: true, webhookClient: API_SERVER });
  await installCnpgCrds(plane.api);
  return plane;
}
