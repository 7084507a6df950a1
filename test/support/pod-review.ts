import { LABELS } from '../../contract/names.ts';

/** Of a pod that asks for the sidecar, as large as that of a usual Deployment: a few kB. */
export function reviewOfPod(uid: string): object {
  const probe = {
    httpGet: { path: '/healthz', port: 8080, scheme: 'HTTP' },
    periodSeconds: 10,
    timeoutSeconds: 1,
  };
  const env = Array.from({ length: 20 }, (_, index) => ({
    name: `SETTING_${index}`,
    value: `value of ${index}`,
  }));
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid,
      kind: { group: '', version: 'v1', kind: 'Pod' },
      resource: { group: '', version: 'v1', resource: 'pods' },
      namespace: 'shop',
      operation: 'CREATE',
      userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
      object: {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          generateName: 'web-6d4cf56db6-',
          namespace: 'shop',
          labels: { app: 'web', 'pod-template-hash': '6d4cf56db6', [LABELS.inject]: 'true' },
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-6d4cf56db6', uid: 'a', controller: true },
          ],
        },
        spec: {
          containers: [
            {
              name: 'web',
              image: 'registry.example.com/shop/web:1.2.3',
              ports: [{ containerPort: 8080, protocol: 'TCP' }],
              env,
              resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
              livenessProbe: probe,
              readinessProbe: probe,
              volumeMounts: [
                { name: 'kube-api-access', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
              ],
            },
          ],
          volumes: [{ name: 'kube-api-access', projected: { sources: [] } }],
          serviceAccountName: 'default',
          terminationGracePeriodSeconds: 30,
        },
      },
      oldObject: null,
      dryRun: false,
    },
  };
}
