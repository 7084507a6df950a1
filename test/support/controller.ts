/** The controller as it is shipped, as a process of its own. */

import { join } from 'node:path';
import type { ObjectKey } from '../../kubernetes/api.ts';
import { CONTROLLER_NODE_FLAGS } from '../../scripts/node-flags.ts';
import { LOOPBACK_DNS } from './loopback-dns.ts';
import { type ChildProcess, type ProcessOptions, startProcess } from './process.ts';

const BUNDLE = join(import.meta.dirname, '..', '..', 'dist', 'controller.mjs');
const START_LIMIT_MS = 20_000;

/** Any setting of docs/configuration.md, by the name of its variable. */
export type Settings = Readonly<Record<string, string>>;

export interface ControllerOptions {
  /** The path of the kubeconfig with which it works. */
  readonly kubeconfig: string;
  /** Of its own objects. */
  readonly namespace: string;
  /** The Cluster to follow. */
  readonly cluster: Required<ObjectKey>;
  /** As in the variable SITES. */
  readonly sites: readonly object[];
  /** Everything else; also to override what is above. */
  readonly settings?: Settings;
  /** For node itself, before the program. By default those that it is shipped with. */
  readonly nodeFlags?: readonly string[];
  readonly process?: Omit<ProcessOptions, 'env'>;
}

export class Controller {
  readonly process: ChildProcess;
  /** Where it answers HTTP, without a path. */
  readonly url: string;

  /** Use startController. */
  constructor(process: ChildProcess, url: string) {
    this.process = process;
    this.url = url;
  }

  /** Resolves when /readyz says that it is. */
  untilReady(): Promise<void> {
    return this.process.waitForHttp(`${this.url}/readyz`, START_LIMIT_MS);
  }

  async get(path: string): Promise<string> {
    const response = await fetch(this.url + path, { signal: AbortSignal.timeout(5_000) });
    return response.text();
  }

  /** Asks it to end, as a kubelet does. */
  async stop(): Promise<void> {
    await this.process.stop();
  }
}

/** Resolves when it serves HTTP. `node scripts/build.ts` must have been run. */
export async function startController({
  kubeconfig,
  namespace,
  cluster,
  sites,
  settings = {},
  nodeFlags = CONTROLLER_NODE_FLAGS,
  process: options = {},
}: ControllerOptions): Promise<Controller> {
  const env: Settings = {
    KUBECONFIG: kubeconfig,
    POD_NAMESPACE: namespace,
    CNPG_NAMESPACE: cluster.namespace,
    CNPG_CLUSTER_NAME: cluster.name,
    SITES: JSON.stringify(sites),
    HTTP_PORT: '0',
    ...LOOPBACK_DNS,
    ...settings,
  };
  const command = [process.execPath, ...nodeFlags, BUNDLE] as const;
  const child = await startProcess('controller', command, { ...options, env });
  try {
    const { port } = await child.waitForLog(({ msg }) => msg === 'serving', START_LIMIT_MS);
    return new Controller(child, `http://127.0.0.1:${Number(port)}`);
  } catch (error) {
    await child.stop();
    throw error;
  }
}
