/**
 * What a command keeps of the objects that it lists. Anybody who may create pods or workloads makes them as large as etcd
 * takes them: 1,500 of a megabyte, kept whole, end a process with 1.5 GB. Pages come one at a time and are gone when they
 * are read; of each object these copies stay, with nothing of the page in them.
 */
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import type { KubeApi, KubeObject, ListOptions, OwnerReference, Resource } from '../../kubernetes/api.ts';
import { cut } from '../../kubernetes/cut.ts';
import { listEach } from '../../kubernetes/pages.ts';
import type { Condition } from '../../kubernetes/resources.ts';

/** Takes of a value what is read of it. */
export type Keep<T> = (value: T) => T;

/** A kind of which a command reads all objects there are. */
export interface Listed<T extends KubeObject> extends Resource<T> {
  readonly keep: Keep<T>;
}

type Selection = Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector' | 'abort'>;

/** Throws KubeError. */
export async function listKept<T extends KubeObject>(
  api: Pick<KubeApi, 'list'>,
  kind: Listed<T>,
  options: Selection = {},
): Promise<T[]> {
  const all: T[] = [];
  for await (const object of listEach(api, kind, options)) all.push(kind.keep(object));
  return all;
}

/** A kind, with what is kept of its objects. */
export function listed<T extends KubeObject>(resource: Resource, keep: Keep<T>): Listed<T> {
  return { ...(resource as Resource<T>), keep };
}

/** For kinds that only administrators and nodes write. */
export function whole<T extends KubeObject>(resource: Resource<T>): Listed<T> {
  return { ...resource, keep: (object) => object };
}

type Keeps = Readonly<Record<string, (value: never) => unknown>>;
type Shape<S extends Keeps> = { readonly [K in keyof S]?: ReturnType<S[K]> };

/** Those fields alone. `ReturnType` names the type of what is kept. */
export function shape<S extends Keeps>(keeps: S): Keep<Shape<S>> {
  const all = Object.entries(keeps) as [keyof S, Keep<unknown>][];
  return (value) => {
    const kept = all.flatMap(([name, keep]) => {
      const field = value[name];
      return field === undefined || field === null ? [] : [[name, keep(field)] as const];
    });
    return Object.fromEntries(kept) as Shape<S>;
  };
}

/** Longer than any name in Kubernetes; messages of kubelets quote them several times. */
const MAX_TEXT = 2_048;

function scalar<T extends string | number | boolean>(value: T): T {
  return typeof value === 'string' ? (cut(value, MAX_TEXT) as T) : value;
}

export const text: Keep<string> = scalar;
export const number: Keep<number> = scalar;
export const flag: Keep<boolean> = scalar;
export const amount: Keep<string | number> = scalar;

/** The first ones. */
export function list<T>(most: number, keep: Keep<T>): Keep<readonly T[]> {
  return (values) => values.slice(0, most).map(keep);
}

/** The conditions of these types. */
export function conditions(...types: readonly string[]): Keep<readonly Condition[]> {
  const keep = shape({ type: text, status: text, reason: text, message: text }) as Keep<Condition>;
  return (all) => all.filter(({ type }) => types.includes(type)).map(keep);
}

export interface Named {
  readonly name: string;
}

/** An item of a list whose items have names. */
export function named<S extends Keeps>(keeps: S): Keep<Named & Shape<S>> {
  return shape({ name: text, ...keeps }) as Keep<Named & Shape<S>>;
}

type Texts = Readonly<Record<string, string>>;

/** Many times as many as objects have. */
const MOST_LABELS = 64;
const OURS: readonly string[] = [...Object.values(LABELS), 'pod-template-hash'];

/** All of them, or of more than anybody needs ours and the first others. */
export function labels(all: Texts): Texts {
  const entries = Object.entries(all);
  const ours = entries.length <= MOST_LABELS ? [] : entries.filter(([key]) => OURS.includes(key));
  return copied([...ours, ...entries.slice(0, MOST_LABELS)]);
}

const ANNOTATIONS_READ: readonly string[] = [
  ...Object.values(ANNOTATIONS),
  // Where somebody has put our label by mistake.
  LABELS.inject,
  'kubernetes.io/config.mirror',
  'cnpg.io/operatorVersion',
];

function annotations(all: Texts): Texts {
  return copied(Object.entries(all).filter(([key]) => ANNOTATIONS_READ.includes(key)));
}

function copied(entries: readonly (readonly [string, string])[]): Texts {
  return Object.fromEntries(entries.map(([key, value]) => [scalar(key), scalar(value)]));
}

/** More than any operator sets. */
const MOST_OWNERS = 4;
/** No object has a longer name, but the API server stores owners with one of a megabyte. */
const LONGEST_NAME = 253;

function owners(all: readonly OwnerReference[]): readonly OwnerReference[] {
  const possible = all.filter(({ name }) => name.length <= LONGEST_NAME);
  const controllers = possible.filter(({ controller }) => controller === true);
  const others = possible.filter(({ controller }) => controller !== true);
  return [...controllers, ...others].slice(0, MOST_OWNERS).map(
    shape({
      apiVersion: text,
      kind: text,
      name: text,
      uid: text,
      controller: flag,
    }) as Keep<OwnerReference>,
  );
}

/** Of a pod template, which has nothing else of its own. */
export const marks = shape({ labels, annotations });

const metadata = named({
  namespace: text,
  uid: text,
  deletionTimestamp: text,
  labels,
  annotations,
  ownerReferences: owners,
});

/** An object with these fields and what every one has. */
export function object<S extends Keeps>(keeps: S): Keep<KubeObject & Shape<S>> {
  return shape({ apiVersion: text, kind: text, metadata, ...keeps }) as Keep<KubeObject & Shape<S>>;
}
