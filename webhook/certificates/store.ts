import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { LABELS, PROGRAM } from '../../contract/names.ts';
import type { KubeApi, ObjectKey } from '../../kubernetes/api.ts';
import { ignoreNotFound, isAlreadyExists, isConflict, isForbidden } from '../../kubernetes/errors.ts';
import { SECRETS, type Secret } from '../../kubernetes/resources.ts';
import type { Pair } from './authority.ts';
import { certificatesIn, isIssuedBy } from './trust.ts';

/** The certificates that all replicas share. */
export interface Stored {
  /** The issuer of `leaf`. */
  readonly authority: Pair;
  /** Every replica serves it. */
  readonly leaf: Pair;
  /** In the caBundle already; it becomes the authority once every API server trusts it. */
  readonly next?: Pair;
  readonly previous?: Previous;
}

export interface Previous {
  /** PEM texts of authorities whose leaves a replica may still serve. */
  readonly certificates: readonly string[];
  /** Milliseconds since 1970: when the last of those leaves expires. */
  readonly until: number;
}

export interface StoredSecret {
  readonly object: Secret;
  /** Undefined when it is empty or, as `problem` says, unusable. */
  readonly stored?: Stored;
  readonly problem?: string;
}

/** Data keys; those of the leaf are required in a Secret of type kubernetes.io/tls. */
const KEYS = {
  leaf: ['tls.crt', 'tls.key'],
  authority: ['ca.crt', 'ca.key'],
  next: ['next-ca.crt', 'next-ca.key'],
  previous: 'previous-ca.crt',
  previousUntil: 'previous-ca-until',
} as const;

/** The webhook may not create Secrets by the roles of the chart, as that includes tokens of any service account. */
export class MissingSecret extends Error {
  override readonly name = 'MissingSecret';

  constructor({ namespace, name }: ObjectKey, cause: unknown) {
    super(
      `Secret ${namespace}/${name} is not there, and may not be made by this account: replicas serve on with what they have, and one that starts now gets no certificate. ${remakeSecret(namespace, name)}`,
      { cause },
    );
  }
}

/** What to do; then the first replica writes its certificates into the Secret. */
export function remakeSecret(namespace: string | undefined, name: string): string {
  return `The chart makes it, without content: helm upgrade, or: kubectl -n ${namespace} create secret generic ${name}`;
}

/** Every write of the Secret is a creation or a compare-and-set, so that replicas never overwrite one another. */
export class CertificateStore {
  readonly #api: KubeApi;
  readonly #key: ObjectKey;

  constructor(api: KubeApi, key: ObjectKey) {
    this.#api = api;
    this.#key = key;
  }

  /** Undefined when there is none. */
  async read(abort: AbortSignal): Promise<StoredSecret | undefined> {
    const object = await this.#api.get(SECRETS, this.#key, { abort }).catch(ignoreNotFound);
    return object === undefined ? undefined : found(object);
  }

  /** Replaces `before`, or creates the Secret. Throws a conflict when another replica was first. */
  async write(stored: Stored, before: StoredSecret | undefined, abort: AbortSignal): Promise<StoredSecret> {
    const data = encode(stored);
    try {
      return await this.#put(data, before, abort);
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error)) throw error;
      // A load balancer may send the request twice: the second one then conflicts with the first.
      const now = await this.read(abort);
      if (now === undefined || !isDeepStrictEqual(now.object.data, data)) throw error;
      return now;
    }
  }

  async #put(
    data: Readonly<Record<string, string>>,
    before: StoredSecret | undefined,
    abort: AbortSignal,
  ): Promise<StoredSecret> {
    if (before !== undefined) {
      return found(await this.#api.replace(SECRETS, { ...before.object, data }, { abort }));
    }
    const metadata = { ...this.#key, labels: { [LABELS.managedBy]: PROGRAM } };
    const object: Secret = { metadata, type: 'kubernetes.io/tls', data };
    try {
      return found(await this.#api.create(SECRETS, object, { abort }));
    } catch (error) {
      throw isForbidden(error) ? new MissingSecret(this.#key, error) : error;
    }
  }
}

function found(object: Secret): StoredSecret {
  // As the chart creates it.
  if (Object.keys(object.data ?? {}).length === 0) return { object };
  try {
    return { object, stored: decode(object.data ?? {}) };
  } catch (error) {
    return { object, problem: error instanceof Error ? error.message : String(error) };
  }
}

export function encode({ authority, leaf, next, previous }: Stored): Readonly<Record<string, string>> {
  const data: Record<string, string> = {
    ...pairData(KEYS.leaf, leaf),
    ...pairData(KEYS.authority, authority),
    ...(next !== undefined && pairData(KEYS.next, next)),
  };
  if (previous !== undefined) {
    data[KEYS.previous] = previous.certificates.join('');
    data[KEYS.previousUntil] = new Date(previous.until).toISOString();
  }
  return Object.fromEntries(
    Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
  );
}

/** Throws an Error that names the wrong key, and never its content. */
export function decode(data: Readonly<Record<string, string>>): Stored {
  const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
  const authority = readPair(KEYS.authority, text);
  const leaf = readPair(KEYS.leaf, text);
  if (!isIssuedBy(new X509Certificate(leaf.certificate), new X509Certificate(authority.certificate))) {
    throw new Error(`${KEYS.leaf[0]} was not issued by the authority in ${KEYS.authority[0]}`);
  }
  const hasNext = KEYS.next.some((key) => data[key] !== undefined);
  const previous = readPrevious(data, text);
  return {
    authority,
    leaf,
    ...(hasNext && { next: readPair(KEYS.next, text) }),
    ...(previous !== undefined && { previous }),
  };
}

function readPrevious(
  data: Readonly<Record<string, string>>,
  text: (key: string) => string,
): Previous | undefined {
  if (data[KEYS.previous] === undefined) return undefined;
  const until = Date.parse(text(KEYS.previousUntil));
  if (Number.isNaN(until)) throw new Error(`${KEYS.previousUntil} is no RFC 3339 time`);
  return { certificates: certificatesIn(text(KEYS.previous)), until };
}

function pairData([crt, key]: readonly [string, string], pair: Pair): Record<string, string> {
  return { [crt]: pair.certificate, [key]: pair.key };
}

function readPair([crt, key]: readonly [string, string], text: (key: string) => string): Pair {
  const [certificate, more] = certificatesIn(text(crt));
  if (certificate === undefined || more !== undefined) throw new Error(`${crt} is not one PEM certificate`);
  let matches: boolean;
  try {
    matches = new X509Certificate(certificate).checkPrivateKey(createPrivateKey(text(key)));
  } catch {
    // Without the message of OpenSSL, as nothing of a private key may be shown.
    throw new Error(`${key} is no PEM private key`);
  }
  if (!matches) throw new Error(`${key} does not belong to ${crt}`);
  return { certificate, key: text(key) };
}
