/** The sidecar as it is shipped: the bundle, run with the flags that pods run it with. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { CA_FILE, SIDECAR_ENV, SIDECAR_NODE_FLAGS, TOKEN_FILE } from '../../contract/sidecar.ts';
import { NODE_ENVIRONMENT } from '../../scripts/node-flags.ts';
import { SIDECAR_BUNDLE } from '../../scripts/sidecar-bundle.ts';
import type { Answer } from '../../sidecar/answer.ts';
import { type ChildProcess, startProcess } from './process.ts';
import { until } from './until.ts';

const START_LIMIT_MS = 20_000;
const CHANGE_LIMIT_MS = 20_000;

/** As `make build` puts it there. */
export const SHIPPED_BUNDLE = join(import.meta.dirname, '..', '..', 'dist', 'sidecar.cjs');

/** Bundles it afresh, as the one in dist/ may be old or just being written. Gives the path. */
export async function bundleSidecar(folder: string): Promise<string> {
  const outfile = join(folder, 'sidecar.cjs');
  await build({ ...SIDECAR_BUNDLE, outfile });
  return outfile;
}

/** What the kubelet mounts into the pod so that it can talk to the API server. */
export class Credentials {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create({ ca, token }: { readonly ca: string; readonly token: string }): Promise<Credentials> {
    const credentials = new Credentials(await mkdtemp(join(tmpdir(), 'credentials-')));
    await writeFile(join(credentials.folder, CA_FILE), ca);
    await writeFile(join(credentials.folder, TOKEN_FILE), token, { mode: 0o600 });
    return credentials;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

export interface SidecarOptions {
  /** The path of the bundle. */
  readonly bundle: string;
  readonly nodeName: string;
  /** Where the status is. */
  readonly namespace: string;
  readonly apiServer: { readonly host: string; readonly port: number };
  readonly credentials: Credentials;
  /** The folder of the mounted copy. Default: one that is not there. */
  readonly statusDir?: string;
  /** More of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export class Sidecar {
  readonly process: ChildProcess;
  /** Without a path: where the application asks, and where the kubelet does. */
  readonly url: string;
  readonly probeUrl: string;

  /** Use startSidecar. */
  constructor(process: ChildProcess, port: number, probePort: number) {
    this.process = process;
    this.url = `http://127.0.0.1:${port}`;
    this.probeUrl = `http://127.0.0.1:${probePort}`;
  }

  async active(): Promise<Answer> {
    return (await this.#get(`${this.url}/active`)).json() as Promise<Answer>;
  }

  async metrics(): Promise<string> {
    return (await this.#get(`${this.probeUrl}/metrics`)).text();
  }

  /** Resolves when `/active` answers so. */
  async until(what: string, matches: (answer: Answer) => boolean): Promise<Answer> {
    const look = async () => {
      const answer = await this.active();
      return matches(answer) ? answer : undefined;
    };
    return until(what, look, { timeoutMs: CHANGE_LIMIT_MS, isFinal: () => this.process.exit !== undefined });
  }

  #get(url: string): Promise<Response> {
    return fetch(url, { signal: AbortSignal.timeout(5_000) });
  }
}

/** Starts it and looks no further; for those that are not to come up. */
export function spawnSidecar({
  bundle,
  nodeName,
  namespace,
  apiServer,
  credentials,
  statusDir = join(credentials.folder, 'none'),
  env,
}: SidecarOptions): Promise<ChildProcess> {
  return startProcess('sidecar', [process.execPath, ...SIDECAR_NODE_FLAGS, bundle], {
    env: {
      ...NODE_ENVIRONMENT,
      [SIDECAR_ENV.nodeName]: nodeName,
      [SIDECAR_ENV.namespace]: namespace,
      [SIDECAR_ENV.address]: '127.0.0.1',
      [SIDECAR_ENV.port]: '0',
      [SIDECAR_ENV.probePort]: '0',
      [SIDECAR_ENV.statusDir]: statusDir,
      [SIDECAR_ENV.tokenDir]: credentials.folder,
      KUBERNETES_SERVICE_HOST: apiServer.host,
      KUBERNETES_SERVICE_PORT: String(apiServer.port),
      ...env,
    },
  });
}

/** Resolves when it serves. The caller stops its process. */
export async function startSidecar(options: SidecarOptions): Promise<Sidecar> {
  const child = await spawnSidecar(options);
  try {
    const { port, probePort } = await child.waitForLog(({ msg }) => msg === 'serving', START_LIMIT_MS);
    return new Sidecar(child, Number(port), Number(probePort));
  } catch (error) {
    await child.stop();
    throw error;
  }
}
