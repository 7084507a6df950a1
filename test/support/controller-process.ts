/** The real controller, as it is shipped, in a process of its own. */

import { setTimeout as delay } from 'node:timers/promises';
import { CONTROLLER_NODE_FLAGS, NODE_ENVIRONMENT } from '../../scripts/node-flags.ts';
import { LOOPBACK_DNS } from './loopback-dns.ts';
import { type ChildProcess, startProcess } from './process.ts';

const ROOT = new URL('../../', import.meta.url).pathname;
const BUNDLE = `${ROOT}dist/controller.mjs`;
/** Where global-setup.ts says that the bundle is fresh. */
export const BUNDLE_IS_BUILT = 'TEST_CONTROLLER_BUILT';

const START_LIMIT_MS = 30_000;
const BUILD_LIMIT_MS = 60_000;

let building: Promise<void> | undefined;

/** Bundles the controller, unless the test run has done so. */
export function buildController(): Promise<void> {
  building ??= process.env[BUNDLE_IS_BUILT] === undefined ? build() : Promise.resolve();
  return building;
}

async function build(): Promise<void> {
  const child = await startProcess('build', [process.execPath, 'scripts/build.ts'], { cwd: ROOT });
  const { code } = await Promise.race([child.exited, delay(BUILD_LIMIT_MS, { code: null }, { ref: false })]);
  if (code !== 0) throw new Error(`The controller could not be bundled:\n${child.lines.join('\n')}`);
}

export type Environment = Readonly<Record<string, string>>;

/** Starts it and looks no further; for configurations with which it does not serve. */
export async function spawnController(env: Environment): Promise<ChildProcess> {
  await buildController();
  return startProcess(env.POD_NAME ?? 'controller', [process.execPath, ...CONTROLLER_NODE_FLAGS, BUNDLE], {
    env: { ...NODE_ENVIRONMENT, HTTP_PORT: '0', ...LOOPBACK_DNS, ...env },
  });
}

/** Resolves when its HTTP server listens. The caller stops it. */
export async function startController(env: Environment): Promise<ControllerProcess> {
  const child = await spawnController(env);
  const { port } = await child.waitForLog(({ msg }) => msg === 'serving', START_LIMIT_MS);
  return new ControllerProcess(child, `http://127.0.0.1:${Number(port)}`);
}

export class ControllerProcess {
  readonly child: ChildProcess;
  readonly url: string;

  /** Use startController. */
  constructor(child: ChildProcess, url: string) {
    this.child = child;
    this.url = url;
  }

  /** Asks it to end, as a kubelet does. */
  async stop(): Promise<void> {
    await this.child.stop();
  }

  /** Resolves when it holds the Lease, at once if it ever did. */
  async leads(timeoutMs = 30_000): Promise<void> {
    await this.child.waitForLog(({ msg }) => msg === 'leading', timeoutMs);
  }

  get(path: string): Promise<Response> {
    return fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(5_000) });
  }

  async json(path: string): Promise<unknown> {
    return (await this.get(path)).json();
  }

  /** The sum of a metric over all series whose labels contain `labels`; 0 when there is none. */
  async metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const text = await (await this.get('/metrics')).text();
    const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    return text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
      .filter((line) => wanted.every((label) => line.includes(label)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
  }

  /** Resolves when the metric has this value: the status is seen by others before the process has counted it. */
  async untilMetric(name: string, labels: Readonly<Record<string, string>>, value: number): Promise<void> {
    const what = `${name}${JSON.stringify(labels)} is ${value}`;
    await this.child.waitUntil(what, async () => (await this.metric(name, labels)) === value, 10_000);
  }
}
