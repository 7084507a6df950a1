import type { KubeApi, ObjectKey } from '../../../kubernetes/api.ts';
import { isNotFound } from '../../../kubernetes/errors.ts';
import { SECRETS } from '../../../kubernetes/resources.ts';
import { explain } from '../../../runtime/explain.ts';
import { isUnknown, type Unknown, unknown } from '../trigger.ts';

/** How members are talked to. */
export interface MemberAccess {
  /** Changes with the Secrets. */
  readonly version: string;
  readonly credentials?: { readonly username: string; readonly password: string };
  readonly tls?: { readonly ca: string; readonly cert?: string; readonly key?: string };
}

export interface AccessSettings {
  readonly namespace: string;
  readonly credentialsSecret: string | undefined;
  readonly tlsSecret: string | undefined;
}

/** Reads the Secrets that the settings name. No message has anything of their content. Throws on abort only. */
export async function readAccess(
  api: KubeApi,
  { namespace, credentialsSecret, tlsSecret }: AccessSettings,
  abort: AbortSignal,
): Promise<MemberAccess | Unknown> {
  const read = (setting: string, name: string | undefined, needed: readonly string[]) =>
    name === undefined ? NOTHING : readSecret(api, setting, { namespace, name }, needed, abort);
  const login = await read('credentialsSecret', credentialsSecret, ['username', 'password']);
  if (isUnknown(login)) return login;
  const files = await read('tlsSecret', tlsSecret, ['ca.crt']);
  if (isUnknown(files)) return files;
  const { username, password } = login.values;
  const { 'ca.crt': ca, 'tls.crt': cert, 'tls.key': key } = files.values;
  if ((cert === undefined) !== (key === undefined)) {
    const [there, missing] = key === undefined ? ['tls.crt', 'tls.key'] : ['tls.key', 'tls.crt'];
    const what = secretName('tlsSecret', { namespace, name: tlsSecret ?? '' });
    return unknown('SecretUnusable', `${what} has ${there}, but no ${missing}`);
  }
  return {
    version: `${login.version} ${files.version}`,
    ...(username !== undefined && password !== undefined && { credentials: { username, password } }),
    ...(ca !== undefined && {
      tls: { ca, ...(cert !== undefined && key !== undefined && { cert, key }) },
    }),
  };
}

interface Opened {
  readonly version: string;
  /** None is empty. */
  readonly values: Readonly<Record<string, string | undefined>>;
}

const NOTHING: Opened = { version: '', values: {} };

function secretName(setting: string, { namespace, name }: Required<ObjectKey>): string {
  return `Secret ${namespace}/${name} of the setting ${setting}`;
}

async function readSecret(
  api: KubeApi,
  setting: string,
  key: Required<ObjectKey>,
  needed: readonly string[],
  abort: AbortSignal,
): Promise<Opened | Unknown> {
  const what = secretName(setting, key);
  try {
    const { metadata, data = {} } = await api.get(SECRETS, key, { abort });
    const values = Object.fromEntries(
      Object.entries(data)
        .map(([name, text]) => [name, Buffer.from(text, 'base64').toString('utf8').trim()] as const)
        .filter(([, text]) => text !== ''),
    );
    const missing = needed.find((name) => values[name] === undefined);
    if (missing !== undefined) return unknown('SecretUnusable', `${what} has no ${missing}`);
    return { version: `${metadata.uid}/${metadata.resourceVersion}`, values };
  } catch (error) {
    abort.throwIfAborted();
    if (isNotFound(error)) return unknown('SecretUnusable', `${what} does not exist`);
    return unknown('SecretUnusable', `${what} cannot be read: ${explain(error)}`);
  }
}
