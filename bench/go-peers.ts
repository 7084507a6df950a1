/** Small programs in Go that do the least of what ours do, with the libraries that operators in Go are made of. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STATUS_CONFIGMAP } from '../contract/names.ts';
import { explain } from '../runtime/explain.ts';
import { run } from '../test/support/binaries/command.ts';
import { findGo } from '../test/support/binaries/go.ts';
import { cacheDirectory } from '../test/support/binaries/recipe.ts';
import type { ControlPlane } from '../test/support/control-plane.ts';
import { freePort } from '../test/support/ports.ts';
import { type ChildProcess, startProcess } from '../test/support/process.ts';
import { SITES } from '../test/support/two-sites.ts';
import type { Pair } from '../webhook/certificates/authority.ts';
import type { Lane } from './lane.ts';

/** Paths of the programs. */
export interface GoPeers {
  /** On client-go: bench/go/informer. */
  readonly informer: string;
  /** On controller-runtime: bench/go/injector. */
  readonly injector: string;
}

const SOURCES = join(import.meta.dirname, 'go');
/** With empty caches it takes some minutes on two cores. */
const BUILD_LIMIT_MS = 20 * 60_000;
const START_LIMIT_MS = 20_000;

/** Undefined where they cannot be built; `say` hears why. */
export async function buildGoPeers(say: (what: string) => void): Promise<GoPeers | undefined> {
  const go = await findGo(process.env);
  if (go === undefined) {
    say('there is no Go: nothing in Go stands beside ours');
    return undefined;
  }
  say('building what stands beside ours in Go; some minutes the first time');
  const folder = join(cacheDirectory(process.env), 'bench');
  await mkdir(folder, { recursive: true });
  const args = ['build', '-mod=readonly', '-trimpath', '-o', `${folder}/`, './...'];
  const env = { ...process.env, CGO_ENABLED: '0' };
  try {
    await run(go, args, { cwd: SOURCES, env, abort: AbortSignal.timeout(BUILD_LIMIT_MS) });
  } catch (error) {
    say(`nothing in Go stands beside ours: ${explain(error)}`);
    return undefined;
  }
  return { informer: join(folder, 'informer'), injector: join(folder, 'injector') };
}

/** Follows the lane's Cluster until `ends`. */
export async function startInformer(
  { informer }: GoPeers,
  plane: ControlPlane,
  { cluster }: Lane,
  ends: AsyncDisposableStack,
): Promise<ChildProcess> {
  const kubeconfig = await plane.kubeconfigFor('admin');
  const sites = Object.fromEntries(SITES.map(({ nodeName, name }) => [nodeName, name]));
  const target = [cluster.namespace, cluster.name, STATUS_CONFIGMAP, JSON.stringify(sites)];
  const started = await startProcess('informer', [informer, kubeconfig, ...target]);
  ends.defer(async () => void (await started.stop()));
  await started.waitForLog(({ msg }) => msg === 'watching', START_LIMIT_MS);
  return started;
}

/** Answers reviews at the path of ours until `ends`. */
export async function startInjector(
  { injector }: GoPeers,
  { certificate, key }: Pair,
  ends: AsyncDisposableStack,
): Promise<{ readonly port: number; readonly pid: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-injector-'));
  ends.defer(() => rm(folder, { recursive: true }));
  const files = { 'tls.crt': certificate, 'tls.key': key };
  await Promise.all(
    Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text, { mode: 0o600 })),
  );
  const port = await freePort();
  const started = await startProcess('injector', [injector, folder, String(port)]);
  ends.defer(async () => void (await started.stop()));
  await started.waitForLog(({ msg }) => msg === 'Serving webhook server', START_LIMIT_MS);
  return { port, pid: started.pid };
}
