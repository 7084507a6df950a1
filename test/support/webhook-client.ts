/** How an API server is told to show a certificate to the webhooks that it calls. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Certified } from './certificates.ts';

export const ADMISSION_FILE = 'admission.yaml';

/** Source: Kubernetes documentation, "Dynamic Admission Control", "Authenticate apiservers". */
export async function writeWebhookClient(folder: string, { certificate, key }: Certified): Promise<void> {
  const kubeConfigFile = join(folder, 'webhook-client.kubeconfig');
  const user = { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
  const kubeconfig = { apiVersion: 'v1', kind: 'Config', users: [{ name: '*', user }] };
  const apiVersion = 'apiserver.config.k8s.io/v1';
  const configuration = { apiVersion, kind: 'WebhookAdmissionConfiguration', kubeConfigFile };
  const admission = {
    apiVersion,
    kind: 'AdmissionConfiguration',
    plugins: [{ name: 'MutatingAdmissionWebhook', configuration }],
  };
  await Promise.all([
    writeFile(kubeConfigFile, stringify(kubeconfig), { mode: 0o600 }),
    writeFile(join(folder, ADMISSION_FILE), stringify(admission), { mode: 0o600 }),
  ]);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
