import { join } from 'node:path';
import { ADMISSION_FILE } from './webhook-client.ts';

export function etcdFolder(folder: string): string {
  return join(folder, 'etcd');
}

export function etcdFlags(folder: string, clientUrl: string, peerPort: number): readonly string[] {
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  return [
    '--name=test',
    `--data-dir=${etcdFolder(folder)}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=test=${peerUrl}`,
    // 2 GB as it comes; 8 is the most that etcd recommends. test/hostile fills some of it.
    `--quota-backend-bytes=${8 * 1024 ** 3}`,
    '--unsafe-no-fsync', // The data is thrown away with the folder.
    '--log-level=warn',
  ];
}

export interface ApiServerOptions {
  readonly folder: string;
  readonly url: string;
  readonly etcdUrl: string;
  /** Whether somebody makes the service account that each pod then needs. */
  readonly serviceAccounts: boolean;
  /** Whether webhook-client.ts has written how webhooks are called. */
  readonly webhookClient: boolean;
  /** Whether MutatingAdmissionPolicies are to be had before Kubernetes 1.36, as they were in beta. */
  readonly policies: boolean;
}

export function apiServerFlags({
  folder,
  url,
  etcdUrl,
  serviceAccounts,
  webhookClient,
  policies,
}: ApiServerOptions): readonly string[] {
  return [
    `--etcd-servers=${etcdUrl}`,
    '--bind-address=127.0.0.1',
    '--advertise-address=127.0.0.1',
    `--secure-port=${new URL(url).port}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    // The reconciler refuses a loopback address, and nothing here goes through the Service.
    '--endpoint-reconciler-type=none',
    `--tls-cert-file=${join(folder, 'apiserver.crt')}`,
    `--tls-private-key-file=${join(folder, 'apiserver.key')}`,
    `--client-ca-file=${join(folder, 'ca.crt')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${join(folder, 'tokens.key')}`,
    `--service-account-signing-key-file=${join(folder, 'tokens.key')}`,
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    '--profiling=false',
    ...(webhookClient ? [`--admission-control-config-file=${join(folder, ADMISSION_FILE)}`] : []),
    ...(policies
      ? [
          '--feature-gates=MutatingAdmissionPolicy=true',
          '--runtime-config=admissionregistration.k8s.io/v1beta1=true',
        ]
      : []),
    ...(serviceAccounts ? [] : ['--disable-admission-plugins=ServiceAccount']),
  ];
}

/** Without kubelets every node looks dead: these would taint the nodes and delete their pods. */
const CONTROLLERS_OF_NODES = [
  'node-lifecycle-controller',
  'taint-eviction-controller',
  'pod-garbage-collector-controller',
];

export function controllerManagerFlags(folder: string, kubeconfig: string): readonly string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${join(folder, 'tokens.key')}`,
    `--root-ca-file=${join(folder, 'ca.crt')}`,
    `--controllers=*,${CONTROLLERS_OF_NODES.map((name) => `-${name}`).join(',')}`,
    '--secure-port=0',
    '--profiling=false',
  ];
}
