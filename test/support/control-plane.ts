/** A real Kubernetes control plane for tests and the demo: etcd, kube-apiserver and, if wanted, the controllers. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Binaries, findBinaries } from './binaries.ts';
import { type Authority, type Certified, createAuthority, makeKeys } from './certificates.ts';
import { apiServerFlags, controllerManagerFlags, etcdFlags } from './control-plane-flags.ts';
import { type Guardian, startGuardian } from './guardian.ts';
import { kubeconfig } from './kubeconfig.ts';
import { freePort } from './ports.ts';
import { type ChildProcess, startProcess } from './process.ts';

const START_LIMIT_MS = 60_000;
const MASTERS = 'system:masters';

export interface ControlPlaneOptions {
  /**
   * Also run kube-controller-manager: service accounts, workloads, endpoints, garbage collection. Nodes are never
   * judged and their pods never evicted, as no kubelet is there.
   */
  readonly controllers?: boolean;
}

export interface User {
  readonly name: string;
  readonly groups?: readonly string[];
}

export interface KubeconfigTarget {
  /** Instead of the API server itself: a proxy in front of it that has a certificate of ours. */
  readonly server?: string;
  readonly namespace?: string;
}

export class ControlPlane {
  readonly url: string;
  /** Everything that belongs to it; removed by stop(). */
  readonly folder: string;
  /** The path of a kubeconfig that may do everything. */
  readonly kubeconfig: string;
  readonly hasControllers: boolean;
  readonly authority: Authority;
  readonly admin: Certified;
  readonly #guardian: Guardian;
  readonly #binaries: Binaries;
  readonly #port: number;
  readonly #etcdUrl: string;
  #etcd: ChildProcess | undefined;
  #apiServer: ChildProcess | undefined;
  #controllerManager: ChildProcess | undefined;
  #users = 0;

  /** Use startControlPlane. */
  constructor(parts: {
    folder: string;
    guardian: Guardian;
    binaries: Binaries;
    port: number;
    etcdPort: number;
    authority: Authority;
    admin: Certified;
    controllers: boolean;
  }) {
    this.folder = parts.folder;
    this.url = `https://127.0.0.1:${parts.port}`;
    this.kubeconfig = join(parts.folder, 'admin.kubeconfig');
    this.authority = parts.authority;
    this.admin = parts.admin;
    this.hasControllers = parts.controllers;
    this.#guardian = parts.guardian;
    this.#binaries = parts.binaries;
    this.#port = parts.port;
    this.#etcdUrl = `http://127.0.0.1:${parts.etcdPort}`;
  }

  /** The process ids of what runs. */
  get pids(): Readonly<Record<string, number>> {
    const running = [this.#etcd, this.#apiServer, this.#controllerManager];
    return Object.fromEntries(
      running.flatMap((child) => (child === undefined ? [] : [[child.name, child.pid]])),
    );
  }

  /** Writes a kubeconfig for `user` and gives its path. Without groups he may do nothing until RBAC says so. */
  async kubeconfigFor(user: User, target: KubeconfigTarget = {}): Promise<string> {
    const file = join(this.folder, `user-${++this.#users}.kubeconfig`);
    await this.#writeKubeconfig(file, await this.authority.issue(user), target);
    return file;
  }

  /** The same for the administrator. */
  async adminKubeconfig(target: KubeconfigTarget): Promise<string> {
    const file = join(this.folder, `user-${++this.#users}.kubeconfig`);
    await this.#writeKubeconfig(file, this.admin, target);
    return file;
  }

  /** Kills the API server: every connection breaks, later ones are refused. */
  async stopApiServer(): Promise<void> {
    this.#apiServer?.signal('SIGKILL');
    await this.#apiServer?.exited;
    this.#apiServer = undefined;
  }

  /** Resolves when it is ready. */
  async startApiServer(): Promise<void> {
    if (this.#apiServer !== undefined) throw new Error('The API server runs already');
    const flags = apiServerFlags({
      folder: this.folder,
      port: this.#port,
      etcdUrl: this.#etcdUrl,
      serviceAccounts: this.hasControllers,
    });
    const server = await this.#start('kube-apiserver', flags);
    this.#apiServer = server;
    await server.waitUntil('the API server is ready', (signal) => this.#isReady(signal), START_LIMIT_MS);
  }

  async restartApiServer(): Promise<void> {
    await this.stopApiServer();
    await this.startApiServer();
  }

  /** Freezes etcd: the API server goes on, but cannot read or write. */
  pauseEtcd(): void {
    this.#etcd?.signal('SIGSTOP');
  }

  resumeEtcd(): void {
    this.#etcd?.signal('SIGCONT');
  }

  /** Kills everything and removes the folder. */
  async stop(): Promise<void> {
    const running = [this.#controllerManager, this.#apiServer, this.#etcd].filter(
      (child) => child !== undefined,
    );
    for (const child of running) child.signal('SIGKILL');
    await Promise.all(running.map((child) => child.exited));
    await this.#guardian.end();
  }

  /** Used by startControlPlane. */
  async startAll(): Promise<void> {
    this.#etcd = await this.#start('etcd', etcdFlags(this.folder, this.#etcdUrl, await freePort()));
    await Promise.all([this.#writeFiles(), this.#writeKubeconfig(this.kubeconfig, this.admin, {})]);
    await this.startApiServer();
    if (!this.hasControllers) return;
    const flags = controllerManagerFlags(this.folder, this.kubeconfig);
    this.#controllerManager = await this.#start('kube-controller-manager', flags);
  }

  #start(name: keyof Binaries, flags: readonly string[]): Promise<ChildProcess> {
    return startProcess(name, [this.#binaries[name], ...flags], {
      cwd: this.folder,
      guardian: this.#guardian,
    });
  }

  async #writeFiles(): Promise<void> {
    const [server, tokens] = await Promise.all([
      this.authority.issue({
        name: 'kube-apiserver',
        dns: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
        ips: ['127.0.0.1'],
      }),
      makeKeys(),
    ]);
    const files = {
      'ca.crt': this.authority.certificate,
      'apiserver.crt': server.certificate,
      'apiserver.key': server.key,
      'tokens.pub': tokens.publicKey,
      'tokens.key': tokens.privateKey,
    };
    await Promise.all(
      Object.entries(files).map(([name, text]) => writeFile(join(this.folder, name), text, { mode: 0o600 })),
    );
  }

  async #writeKubeconfig(file: string, user: Certified, { server = this.url, namespace }: KubeconfigTarget) {
    const { certificate: authority } = this.authority;
    const context = namespace === undefined ? {} : { namespace };
    await writeFile(file, kubeconfig({ server, authority, user, ...context }), { mode: 0o600 });
  }

  #isReady(signal: AbortSignal): Promise<boolean> {
    const { certificate: cert, key } = this.admin;
    return new Promise((resolve, reject) => {
      const call = request(`${this.url}/readyz`, {
        ca: this.authority.certificate,
        cert,
        key,
        agent: false,
        signal,
      });
      call.once('response', (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      call.once('error', reject);
      call.end();
    });
  }
}

/** Resolves when the API server is ready. What it starts ends with stop(), or when this process ends, however it does. */
export async function startControlPlane({
  controllers = false,
}: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await findBinaries();
  const folder = await mkdtemp(join(tmpdir(), 'site-follower-'));
  const guardian = startGuardian(folder);
  try {
    const [authority, port, etcdPort] = await Promise.all([createAuthority(), freePort(), freePort()]);
    const admin = await authority.issue({ name: 'admin', groups: [MASTERS] });
    const parts = { folder, guardian, binaries, port, etcdPort, authority, admin, controllers };
    const controlPlane = new ControlPlane(parts);
    await controlPlane.startAll();
    return controlPlane;
  } catch (error) {
    await guardian.end();
    throw error;
  }
}
