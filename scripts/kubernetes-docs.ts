import { KUBERNETES_DIFFERENCES, TESTED_IN_PART, testedVersions } from './kubernetes-versions.ts';
import { code, table } from './markdown.ts';

/** The page of what differs between versions of Kubernetes. */
export function kubernetesParts(): string[] {
  const versions = testedVersions();
  return [
    `The chart wants Kubernetes 1.29 or later, and \`admissionPolicy.enabled\` 1.30; Helm refuses them on an older one. The integration tests run on a real API server, etcd and
controller manager of each of these versions, of which CI runs ${TESTED_IN_PART.minor} in part:`,
    table(
      ['Kubernetes', 'etcd'],
      versions.map(({ kubernetes, etcd }) => [kubernetes, etcd]),
    ),
    `\`make integration KUBERNETES=1.37\` takes one of them, \`CNPG=1.30\` or \`1.28\` the CRDs of that release of CloudNativePG. What is not in this table came out the same wherever it was run:`,
    table(
      ['', ...versions.map(({ minor }) => minor), 'shown by'],
      KUBERNETES_DIFFERENCES.map(({ what, on, tests }) => [
        what,
        ...versions.map(({ minor }) => on[minor]),
        tests.map((test) => code(test)).join(', '),
      ]),
    ),
    `Every API that is used is in its stable version; the tests on a real cluster fail when the API server marks a call of ours as deprecated.
What a kubelet does has no place here, as these tests have none: see [failures](failures.md) for its restart before 1.35.`,
  ];
}
