/** What the environment has, told by E2E_* variables; docs/testing.md says what each is for. */
import { fileURLToPath } from 'node:url';

export interface Settings {
  readonly kubeconfig: string;
  /** The image under test, as pods name it. */
  readonly image: string;
  readonly helm: string;
  readonly kubectl: string;
  /** More values for the chart: what this cluster needs (images, storage class, pull policy). */
  readonly values: string | undefined;
  /** Takes `cut NODE`, `heal NODE`, `stop-node NODE`, `start-node NODE`, `restart-kubelet NODE`. */
  readonly sites: string | undefined;
  /** Restarts the API server. */
  readonly restartApiServer: string | undefined;
  /** The API server's audit log, JSON lines. */
  readonly auditLog: string | undefined;
  /** Where pods reach this process, for the fake of the DNS provider. */
  readonly hostAddress: string | undefined;
  /** How many real switchovers are timed, and how many come after them while clients ask. */
  readonly switchovers: number;
  readonly askedSwitchovers: number;
  /** How many times a site is cut off. */
  readonly cuts: number;
  readonly chart: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Undefined when no cluster is named. Throws when one is, and something else is missing. */
export function readSettings(env: Environment): Settings | undefined {
  const set = (name: string) => env[name]?.trim() || undefined;
  const kubeconfig = set('E2E_KUBECONFIG');
  if (kubeconfig === undefined) return undefined;
  const image = set('E2E_IMAGE');
  if (image === undefined) {
    throw new Error('E2E_IMAGE must name the image to test, as the cluster pulls it or has it already');
  }
  const count = (name: string, byDefault: number) => {
    const value = Number(set(name) ?? byDefault);
    if (!Number.isInteger(value) || value < 1) {
      throw new Error(`${name} must be a whole number above 0, not ${env[name]}`);
    }
    return value;
  };
  return {
    kubeconfig,
    image,
    helm: set('E2E_HELM') ?? 'helm',
    kubectl: set('E2E_KUBECTL') ?? 'kubectl',
    values: set('E2E_VALUES'),
    sites: set('E2E_SITES'),
    restartApiServer: set('E2E_RESTART_APISERVER'),
    auditLog: set('E2E_AUDIT_LOG'),
    hostAddress: set('E2E_HOST_ADDRESS'),
    switchovers: count('E2E_SWITCHOVERS', 20),
    askedSwitchovers: count('E2E_ASKED_SWITCHOVERS', 3),
    cuts: count('E2E_CUTS', 2),
    chart: set('E2E_CHART') ?? fileURLToPath(new URL('../../../charts/kube-site-follower', import.meta.url)),
  };
}
