import { DnsError } from '../provider.ts';
import { type Claim, describeClaim } from './claim.ts';

/** Another cluster goes before the one here, or the one here is no primary. */
export function refused(zone: string, why: string): DnsError {
  return new DnsError(`zone ${zone}: ${why}: its records stay as they are`, {
    kind: 'refused',
    code: 'claimed',
    action:
      'Demote the one that shall not be the primary. Where the claim is of a cluster that is gone for good, remove its TXT record.',
  });
}

/** Which of the two goes before the other is not known yet. */
export function notReported(zone: string, owner: string, other: Claim): DnsError {
  return new DnsError(
    `zone ${zone}: ${describeClaim(other)}, and it is not reported yet to which timeline ${owner} was promoted`,
    {
      kind: 'retry',
      code: 'timeline',
      action: 'Nothing: the operator reports it after the first checkpoint of the new primary.',
    },
  );
}
