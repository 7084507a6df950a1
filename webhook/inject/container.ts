import { configMapName } from '../../contract/names.ts';
import {
  CA_FILE,
  SIDECAR_CONTAINER,
  SIDECAR_ENV,
  SIDECAR_NODE_FLAGS,
  SIDECAR_PATHS,
  STATUS_DIR,
  TOKEN_DIR,
  TOKEN_FILE,
} from '../../contract/sidecar.ts';
import type { InjectorConfig } from '../injector-config.ts';
import { containerResources } from './resources.ts';
import type { Settings } from './settings.ts';

const COMMAND = ['/nodejs/bin/node', ...SIDECAR_NODE_FLAGS, '/app/sidecar.cjs'];

export const TOKEN_VOLUME = 'site-follower-token';
export const STATUS_VOLUME = 'site-follower-status';

/** Seconds. A slow answer must not make a pod unready: only a 503, which comes at once, means standby. */
const PROBE_TIMEOUT = 3;

/** The native sidecar. */
export function sidecarContainer(
  config: InjectorConfig,
  settings: Settings,
): Readonly<Record<string, unknown>> {
  const { image, imagePullPolicy, runAsUser } = config;
  const resources = containerResources(settings.resources);
  return {
    name: SIDECAR_CONTAINER,
    image,
    ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
    restartPolicy: 'Always',
    command: COMMAND,
    env: environment(config, settings),
    ports: [{ name: SIDECAR_CONTAINER, containerPort: settings.probePort, protocol: 'TCP' }],
    ...sidecarProbes(settings),
    ...(resources === undefined ? {} : { resources }),
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      ...(runAsUser === undefined ? {} : { runAsUser, runAsGroup: runAsUser }),
      seccompProfile: { type: 'RuntimeDefault' },
    },
    volumeMounts: [
      { name: TOKEN_VOLUME, mountPath: TOKEN_DIR, readOnly: true },
      { name: STATUS_VOLUME, mountPath: STATUS_DIR, readOnly: true },
    ],
  };
}

function environment({ namespace, configMapName: base }: InjectorConfig, settings: Settings) {
  const values: readonly (readonly [string, string])[] = [
    [SIDECAR_ENV.namespace, namespace],
    [SIDECAR_ENV.configMap, configMapName(base, settings.follower)],
    [SIDECAR_ENV.port, String(settings.port)],
    [SIDECAR_ENV.probePort, String(settings.probePort)],
    [SIDECAR_ENV.gate, settings.gate],
    [SIDECAR_ENV.whenStale, settings.whenStale],
    [SIDECAR_ENV.staleAfter, String(settings.staleAfter)],
    ...hookEnvironment(settings),
    [SIDECAR_ENV.statusDir, STATUS_DIR],
    [SIDECAR_ENV.tokenDir, TOKEN_DIR],
  ];
  return [
    {
      name: SIDECAR_ENV.nodeName,
      valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'spec.nodeName' } },
    },
    ...values.map(([name, value]) => ({ name, value })),
  ];
}

function hookEnvironment({ onStandby, onActive, hookTimeout, hookRetries }: Settings) {
  const hooks: readonly (readonly [string, string])[] = [
    ...(onStandby === undefined ? [] : [[SIDECAR_ENV.onStandby, onStandby] as const]),
    ...(onActive === undefined ? [] : [[SIDECAR_ENV.onActive, onActive] as const]),
  ];
  if (hooks.length === 0) return [];
  return [
    ...hooks,
    [SIDECAR_ENV.hookTimeout, String(hookTimeout)] as const,
    [SIDECAR_ENV.hookRetries, String(hookRetries)] as const,
  ];
}

export function sidecarProbes({ gate, probePort: port }: Settings) {
  const health = { httpGet: { path: SIDECAR_PATHS.healthz, port }, timeoutSeconds: PROBE_TIMEOUT };
  return {
    // The application starts once this succeeds; it depends on the process alone, never on the active site.
    startupProbe: { ...health, periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 3 },
    ...(gate === 'readiness' && {
      readinessProbe: {
        httpGet: { path: SIDECAR_PATHS.ready, port },
        timeoutSeconds: PROBE_TIMEOUT,
        periodSeconds: 1,
        failureThreshold: 1,
      },
    }),
  };
}

/** A token of its own, as the pod may have none, and the copy of the status, which is optional. */
export function sidecarVolumes(config: InjectorConfig, settings: Settings) {
  return [
    {
      name: TOKEN_VOLUME,
      projected: {
        sources: [
          { serviceAccountToken: { path: TOKEN_FILE, expirationSeconds: 3_600 } },
          // The control plane creates it in every namespace.
          { configMap: { name: 'kube-root-ca.crt', items: [{ key: CA_FILE, path: CA_FILE }] } },
        ],
      },
    },
    {
      name: STATUS_VOLUME,
      configMap: { name: configMapName(config.configMapName, settings.follower), optional: true },
    },
  ];
}
