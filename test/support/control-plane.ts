/** A real Kubernetes control plane for tests and the demo: etcd, kube-apiserver and, if wanted, the controllers. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Binaries, findBinaries } from './binaries.ts';
import { createAuthority } from './certificates.ts';
import { type AccessDetails, ControlPlaneAccess } from './control-plane-access.ts';
import { apiServerFlags, controllerManagerFlags, etcdFlags, etcdFolder } from './control-plane-flags.ts';
import { type Guardian, startGuardian } from './guardian.ts';
import { freePort } from './ports.ts';
import { type ChildProcess, startProcess } from './process.ts';
import { writeWebhookClient } from './webhook-client.ts';

const START_LIMIT_MS = 60_000;

export interface ControlPlaneOptions {
  /**
   * Also run kube-controller-manager: service accounts, workloads, endpoints, garbage collection. Nodes are never
   * judged and their pods never evicted, as no kubelet is there.
   */
  readonly controllers?: boolean;
  /** The common name in the certificate that the API server shows to webhooks. By default it shows none. */
  readonly webhookClient?: string;
  /** Have MutatingAdmissionPolicies, also where they are in beta. */
  readonly policies?: boolean;
}

/** Resolves when the API server is ready. What it starts ends with stop(), or when this process ends, however it does. */
export async function startControlPlane({
  controllers: hasControllers = false,
  webhookClient,
  policies = false,
}: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const binaries = await findBinaries();
  const folder = await mkdtemp(join(tmpdir(), 'site-follower-'));
  const guardian = startGuardian(folder);
  try {
    const [authority, port] = await Promise.all([createAuthority(), freePort()]);
    const admin = await authority.issue({ name: 'admin', groups: ['system:masters'] });
    const url = `https://127.0.0.1:${port}`;
    const details = { folder, url, hasControllers, authority, admin };
    const plane = new ControlPlane(details, { binaries, guardian, webhookClient, policies });
    await plane.startAll();
    return plane;
  } catch (error) {
    await guardian.end();
    throw error;
  }
}

interface ControlPlaneParts {
  readonly binaries: Binaries;
  readonly guardian: Guardian;
  readonly webhookClient: string | undefined;
  readonly policies: boolean;
}

export class ControlPlane extends ControlPlaneAccess {
  readonly #binaries: Binaries;
  readonly #guardian: Guardian;
  readonly #webhookClient: string | undefined;
  readonly #policies: boolean;
  #etcdUrl = '';
  #etcdFlags: readonly string[] = [];
  #etcd: ChildProcess | undefined;
  #apiServer: ChildProcess | undefined;
  #controllerManager: ChildProcess | undefined;

  /** Use startControlPlane. */
  constructor(details: AccessDetails, { binaries, guardian, webhookClient, policies }: ControlPlaneParts) {
    super(details);
    this.#binaries = binaries;
    this.#guardian = guardian;
    this.#webhookClient = webhookClient;
    this.#policies = policies;
  }

  /** The process ids of what runs, by the program's name. */
  get pids(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#running().map(({ name, pid }) => [name, pid]));
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
    const { folder, url, hasControllers: serviceAccounts } = this;
    const webhookClient = this.#webhookClient !== undefined;
    const policies = this.#policies;
    const flags = apiServerFlags({
      folder,
      url,
      etcdUrl: this.#etcdUrl,
      serviceAccounts,
      webhookClient,
      policies,
    });
    const server = await this.#start('kube-apiserver', flags);
    this.#apiServer = server;
    await server.waitUntil('the API server is ready', (abort) => this.#isReady(abort), START_LIMIT_MS);
  }

  async restartApiServer(): Promise<void> {
    await this.stopApiServer();
    await this.startApiServer();
  }

  /** Freezes etcd: the API server goes on, but can neither read nor write. */
  pauseEtcd(): void {
    this.#etcd?.signal('SIGSTOP');
  }

  resumeEtcd(): void {
    this.#etcd?.signal('SIGCONT');
  }

  /** What etcd holds now, for {@link restored}. The API server is away meanwhile. */
  async copyEtcd(): Promise<string> {
    const copy = join(this.folder, `etcd-${crypto.randomUUID()}`);
    await this.#withoutEtcd(() => cp(etcdFolder(this.folder), copy, { recursive: true }));
    return copy;
  }

  /** As after a restore from a backup: revisions go on from those of the copy. */
  async restored(copy: string): Promise<void> {
    await this.#withoutEtcd(async () => {
      await rm(etcdFolder(this.folder), { recursive: true });
      await cp(copy, etcdFolder(this.folder), { recursive: true });
    });
  }

  async #withoutEtcd(work: () => Promise<void>): Promise<void> {
    await this.stopApiServer();
    this.#etcd?.signal('SIGTERM');
    await this.#etcd?.exited;
    await work();
    this.#etcd = await this.#start('etcd', this.#etcdFlags);
    await this.startApiServer();
  }

  /** Kills everything and removes the folder. */
  async stop(): Promise<void> {
    await this.close();
    const running = this.#running();
    for (const child of running) child.signal('SIGKILL');
    await Promise.all(running.map((child) => child.exited));
    await this.#guardian.end();
  }

  /** Done by startControlPlane. */
  async startAll(): Promise<void> {
    const [clientPort, peerPort] = await Promise.all([freePort(), freePort()]);
    this.#etcdUrl = `http://127.0.0.1:${clientPort}`;
    this.#etcdFlags = etcdFlags(this.folder, this.#etcdUrl, peerPort);
    this.#etcd = await this.#start('etcd', this.#etcdFlags);
    await Promise.all([this.#writeServerFiles(), this.save(), this.#writeWebhookClient()]);
    await this.startApiServer();
    if (!this.hasControllers) return;
    const flags = controllerManagerFlags(this.folder, this.kubeconfig);
    this.#controllerManager = await this.#start('kube-controller-manager', flags);
  }

  #running(): readonly ChildProcess[] {
    return [this.#controllerManager, this.#apiServer, this.#etcd].filter((child) => child !== undefined);
  }

  #start(name: keyof Binaries, flags: readonly string[]): Promise<ChildProcess> {
    return startProcess(name, [this.#binaries[name], ...flags], {
      cwd: this.folder,
      guardian: this.#guardian,
    });
  }

  async #writeServerFiles(): Promise<void> {
    const server = await this.authority.issue({
      name: 'kube-apiserver',
      dns: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
      ips: ['127.0.0.1'],
    });
    const files = {
      'ca.crt': this.authority.certificate,
      'apiserver.crt': server.certificate,
      'apiserver.key': server.key,
      'tokens.key': this.authority.key,
    };
    await Promise.all(
      Object.entries(files).map(([name, text]) => writeFile(join(this.folder, name), text, { mode: 0o600 })),
    );
  }

  async #writeWebhookClient(): Promise<void> {
    const name = this.#webhookClient;
    if (name !== undefined) await writeWebhookClient(this.folder, await this.authority.issue({ name }));
  }

  /** Not by `api`, whose connections and errors are for the tests: this looks at a server that is expected to refuse. */
  #isReady(abort: AbortSignal): Promise<boolean> {
    const { certificate: cert, key } = this.admin;
    const tls = { ca: this.authority.certificate, cert, key };
    return new Promise((resolve, reject) => {
      const call = request(`${this.url}/readyz`, { ...tls, agent: false, signal: abort, timeout: 5_000 });
      call.once('timeout', () => call.destroy(new Error('/readyz gave no answer within 5 s')));
      call.once('response', (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      call.once('error', reject);
      call.end();
    });
  }
}
