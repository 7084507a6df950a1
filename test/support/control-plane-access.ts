import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type KubeConnection } from '../../kubernetes/client.ts';
import { loadKube } from '../../kubernetes/kube-config.ts';
import { systemClock } from '../../runtime/clock.ts';
import { type Authority, authorityOf, type Certified } from './certificates.ts';
import { kubeconfig } from './kubeconfig.ts';

export interface User {
  readonly name: string;
  readonly groups?: readonly string[];
}

export interface KubeconfigTarget {
  /** Instead of the API server itself: a proxy in front of it. */
  readonly server?: string;
  /** The context's namespace. */
  readonly namespace?: string;
}

export interface AccessDetails {
  /** Holds the control plane's files. */
  readonly folder: string;
  readonly url: string;
  readonly hasControllers: boolean;
  readonly authority: Authority;
  readonly admin: Certified;
}

const DETAILS = 'access.json';
const ADMIN_KUBECONFIG = 'admin.kubeconfig';

/** What everybody who knows the folder of a control plane can do with it, also from another process. */
export class ControlPlaneAccess {
  readonly folder: string;
  readonly url: string;
  readonly hasControllers: boolean;
  readonly authority: Authority;
  /** A client certificate that may do everything. */
  readonly admin: Certified;
  #api: KubeConnection | undefined;

  constructor({ folder, url, hasControllers, authority, admin }: AccessDetails) {
    this.folder = folder;
    this.url = url;
    this.hasControllers = hasControllers;
    this.authority = authority;
    this.admin = admin;
  }

  /** The path of a kubeconfig that may do everything. */
  get kubeconfig(): string {
    return join(this.folder, ADMIN_KUBECONFIG);
  }

  /** May do everything. */
  get api(): KubeConnection {
    this.#api ??= connectAs(this.kubeconfig);
    return this.#api;
  }

  /**
   * Writes a kubeconfig and gives its path. Without groups `user` may do nothing until RBAC says so;
   * `admin` may do everything.
   */
  async kubeconfigFor(user: User | 'admin', target: KubeconfigTarget = {}): Promise<string> {
    const certified = user === 'admin' ? this.admin : await this.authority.issue(user);
    const file = join(this.folder, `${crypto.randomUUID()}.kubeconfig`);
    await this.#writeKubeconfig(file, certified, target);
    return file;
  }

  /** Lets openControlPlane find it. */
  async save(): Promise<void> {
    const { url, hasControllers, authority, admin } = this;
    const { certificate, key } = authority;
    const details = JSON.stringify({ url, hasControllers, authority: { certificate, key }, admin });
    await writeFile(join(this.folder, DETAILS), details, { mode: 0o600 });
    await this.#writeKubeconfig(this.kubeconfig, admin, {});
  }

  /** Ends the connections of `api`. */
  async close(): Promise<void> {
    await this.#api?.close();
    this.#api = undefined;
  }

  async #writeKubeconfig(file: string, user: Certified, { server = this.url, namespace }: KubeconfigTarget) {
    const authority = this.authority.certificate;
    const text = kubeconfig({ server, authority, user, ...(namespace === undefined ? {} : { namespace }) });
    await writeFile(file, text, { mode: 0o600 });
  }
}

/** A client for the kubeconfig at `path`. The caller closes it. */
export function connectAs(path: string): KubeConnection {
  return connect({ kubeConfig: loadKube({ KUBECONFIG: path }).kubeConfig, clock: systemClock });
}

/** The control plane that another process runs in `folder`. */
export async function openControlPlane(folder: string): Promise<ControlPlaneAccess> {
  const text = await readFile(join(folder, DETAILS), 'utf8');
  const { authority, ...details } = JSON.parse(text) as Omit<AccessDetails, 'folder'>;
  return new ControlPlaneAccess({ ...details, folder, authority: authorityOf(authority) });
}
