import { cut } from '../kubernetes/cut.ts';
import { isObjectName } from '../runtime/object-names.ts';
import type { Metadata } from './inject/shape.ts';

/** What a review was about, for metrics and Events. Clients write it, so each part is bounded. */
export interface Subject {
  readonly kind: string;
  readonly namespace: string;
  /** The controller in the ownerReferences, if it is well-formed. Whether it exists is not checked. */
  readonly owner: Owner | undefined;
}

export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

/** Kubernetes' own limits: a namespace is an RFC 1123 label. */
const MAX_NAMESPACE = 63;
const API_VERSION = /^(?:[a-z0-9.-]{1,253}\/)?[a-z0-9]{1,63}$/;
const KIND = /^[A-Za-z][A-Za-z0-9]{0,62}$/;
const UID = /^[A-Za-z0-9-]{1,63}$/;

export function subjectOf(
  kind: string,
  namespace: string | null | undefined,
  metadata: Metadata | null | undefined,
): Subject {
  return {
    kind,
    namespace: cut(namespace ?? metadata?.namespace ?? '', MAX_NAMESPACE),
    owner: controllerOf(metadata),
  };
}

interface Owned {
  readonly ownerReferences?:
    | readonly (Owner & { readonly controller?: boolean | null | undefined })[]
    | null
    | undefined;
}

/** The API server does not validate the names of owners, so one that no object can have is left out. */
export function controllerOf(metadata: Owned | null | undefined): Owner | undefined {
  const found = metadata?.ownerReferences?.find(({ controller }) => controller === true);
  if (found === undefined) return undefined;
  const { apiVersion, kind, name, uid } = found;
  const canBe = API_VERSION.test(apiVersion) && KIND.test(kind) && isObjectName(name) && UID.test(uid);
  return canBe ? { apiVersion, kind, name, uid } : undefined;
}
