import { X509Certificate } from 'node:crypto';
import { AUTHORITY_NAME, createAuthority, issueLeaf } from './authority.ts';
import type { Lifetimes, Step } from './rotation.ts';
import type { Stored } from './store.ts';
import { validityOf } from './trust.ts';

export interface Issuance {
  /** DNS names and addresses for the leaf. */
  readonly names: readonly string[];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly lifetimes: Lifetimes;
}

/** A first authority and its leaf. `present` are the authorities in the bundle. */
export async function bootstrap(
  present: readonly string[],
  { names, now, lifetimes }: Issuance,
): Promise<Stored> {
  const authority = await createAuthority(now, lifetimes.authorityMs);
  const leaf = await issueLeaf(authority, names, now, lifetimes.leafMs);
  // Other replicas may still serve a leaf of an authority whose Secret is lost.
  const certificates = present.filter(isAuthorityOfOurs);
  const previous = { certificates, until: now + lifetimes.leafMs };
  return { authority, leaf, ...(certificates.length > 0 && { previous }) };
}

/** The content of the Secret after a step. */
export async function advance(
  step: Exclude<Step['kind'], 'keep'>,
  stored: Stored,
  { names, now, lifetimes }: Issuance,
): Promise<Stored> {
  const { authority, leaf, next, previous } = stored;
  switch (step) {
    case 'renew-leaf':
      return { ...stored, leaf: await issueLeaf(authority, names, now, lifetimes.leafMs) };
    case 'announce-authority':
      return { ...stored, next: await createAuthority(now, lifetimes.authorityMs) };
    case 'switch-authority': {
      if (next === undefined) throw new Error('there is no authority to switch to');
      const until = Math.max(validityOf(leaf.certificate).until, previous?.until ?? 0);
      const certificates = [authority.certificate, ...(previous?.certificates ?? [])];
      return {
        authority: next,
        leaf: await issueLeaf(next, names, now, lifetimes.leafMs),
        previous: { certificates, until },
      };
    }
    case 'retire-previous': {
      const { previous: _, ...rest } = stored;
      return rest;
    }
  }
}

function isAuthorityOfOurs(certificate: string): boolean {
  return new X509Certificate(certificate).subject.includes(AUTHORITY_NAME);
}
