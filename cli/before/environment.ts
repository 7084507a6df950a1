import type { KubeApi } from '../../kubernetes/api.ts';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { SECRETS } from '../../kubernetes/resources.ts';
import type { Planned } from './planned.ts';

type Texts = Readonly<Record<string, string>>;

export interface PlannedEnvironment {
  readonly env: Texts;
  /** What is in mounted Secrets, by the path of the file. */
  readonly files: Texts;
}

/** What the controller will be given, by the manifests and by Secrets in the cluster. Throws KubeError. */
export async function plannedEnvironment(
  planned: Planned,
  namespace: string,
  api: KubeApi,
): Promise<PlannedEnvironment> {
  const { env = [], envFrom = [] } = planned.controllerContainer;
  const secrets = new Map<string, Promise<Texts>>();
  const secret = (name: string) => {
    const known = secrets.get(name) ?? secretTexts(planned, { namespace, name }, api);
    secrets.set(name, known);
    return known;
  };
  const whole = await Promise.all(
    envFrom.map(async ({ secretRef }) => (secretRef?.name === undefined ? {} : await secret(secretRef.name))),
  );
  const single = await Promise.all(
    env.map(async ({ name, value, valueFrom }): Promise<[string, string | undefined]> => {
      const { name: from, key } = valueFrom?.secretKeyRef ?? {};
      return [name, from === undefined || key === undefined ? value : (await secret(from))[key]];
    }),
  );
  const mounted = await Promise.all(
    planned.secretMounts.map(async ({ folder, secret: name, items }) => {
      const texts = await secret(name);
      const keys = items ?? Object.keys(texts).map((key) => ({ key, path: key }));
      return keys.map(({ key, path }) => [`${folder}/${path}`, texts[key]] as const);
    }),
  );
  return {
    env: Object.assign({}, ...whole, Object.fromEntries(present(single))),
    files: Object.fromEntries(present(mounted.flat())),
  };
}

function present<T>(entries: readonly (readonly [string, T | undefined])[]): readonly [string, T][] {
  return entries.flatMap(([name, value]): [string, T][] => (value === undefined ? [] : [[name, value]]));
}

/** The data of a Secret in the manifests, else in the cluster; empty where there is none. */
async function secretTexts(
  planned: Planned,
  key: { readonly namespace: string; readonly name: string },
  api: KubeApi,
): Promise<Texts> {
  const own = planned.find('Secret', key.name);
  if (own !== undefined) return { ...decoded(own.data), ...own.stringData };
  const found = await api.get(SECRETS, key).catch(ignoreNotFound);
  return decoded(found?.data);
}

function decoded(data: Texts = {}): Texts {
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]),
  );
}
