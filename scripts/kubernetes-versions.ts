/** What differs between the versions of Kubernetes that the tests run on: each cell was seen in a run of the tests beside it. */
import { join } from 'node:path';
import { requiredVersion } from '../test/support/binaries/recipe.ts';

export const MINORS = ['1.30', '1.34', '1.37'] as const;
export type Minor = (typeof MINORS)[number];

export interface KubernetesDifference {
  readonly what: string;
  readonly on: Readonly<Record<Minor, string>>;
  /** In test/. */
  readonly tests: readonly string[];
}

export const KUBERNETES_DIFFERENCES: readonly KubernetesDifference[] = [
  {
    what: 'Injection by the webhook',
    on: { '1.30': 'yes', '1.34': 'yes', '1.37': 'yes' },
    tests: [
      'integration/webhook.test.ts',
      'integration/injection.test.ts',
      'integration/webhook-away.test.ts',
    ],
  },
  {
    what: '[Injection by policies](policies.md), `webhook.mode: policy`',
    on: {
      '1.30': 'no, and Helm refuses it',
      '1.34': 'no, and Helm refuses it; the tests do it with the beta of these policies',
      '1.37': 'yes',
    },
    tests: ['integration/policies.test.ts', 'integration/policies-move.test.ts', 'chart/policies.test.ts'],
  },
  {
    what: 'Resources of a whole pod, `spec.resources`',
    on: {
      '1.30': 'dropped by the API server: the sidecar requests its own',
      '1.34': 'shared by the sidecar, which requests none of its own',
      '1.37': 'shared by the sidecar, which requests none of its own',
    },
    tests: ['integration/injection.test.ts'],
  },
];

/** The rest of the integration tests depends on no version. */
export const TESTED_IN_PART: { readonly minor: Minor; readonly tests: readonly string[] } = {
  minor: '1.30',
  tests: [
    'webhook',
    'injection',
    'webhook-away',
    'webhook-trust',
    'rbac',
    'control-plane',
    'first-installation',
    'release',
    'topology',
    'standby-updates',
    'etcd-restore',
    'follow-services',
    'databases',
    'gate-condition',
  ],
};

export interface TestedVersion {
  readonly minor: Minor;
  readonly kubernetes: string;
  readonly etcd: string;
}

/** By what the tests build or download. */
export function testedVersions(): readonly TestedVersion[] {
  return MINORS.map((minor) => {
    const folder = join(import.meta.dirname, '../test/support/kubernetes', minor);
    return {
      minor,
      kubernetes: requiredVersion(folder, 'k8s.io/kubernetes').slice(1),
      etcd: requiredVersion(folder, 'go.etcd.io/etcd/server/v3').slice(1),
    };
  });
}
