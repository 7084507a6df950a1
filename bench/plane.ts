import { type ControlPlane, startControlPlane } from '../test/support/control-plane.ts';
import { installCnpgCrds } from '../test/support/seed.ts';

/** A control plane that knows CloudNativePG's kinds, until `ends`. */
export async function startPlane(ends: AsyncDisposableStack): Promise<ControlPlane> {
  const plane = await startControlPlane();
  ends.defer(() => plane.stop());
  await installCnpgCrds(plane.api);
  return plane;
}
