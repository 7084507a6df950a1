import { createHash } from 'node:crypto';
import { DEFAULT_FOLLOWER, PROGRAM } from '../../../contract/names.ts';

/** As the API server checks it: other than those of DNS, its labels may have more than 63 characters. */
const OBJECT_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
const READABLE_LENGTH = 200;
const DIGEST_LENGTH = 10;

/** The DNSEndpoint of a zone. A zone may have "_" in its name, or be too long for an object (RFC 1123). */
export function endpointObjectName(follower: string, zone: string): string {
  const own = follower === DEFAULT_FOLLOWER ? '' : `${follower}-`;
  const name = `${PROGRAM}-${own}${zone}`;
  if (OBJECT_NAME.test(name)) return name;
  const words = name.slice(0, READABLE_LENGTH).match(/[a-z0-9]([a-z0-9-]*[a-z0-9])?/g) ?? [];
  const digest = createHash('sha256').update(name).digest('hex').slice(0, DIGEST_LENGTH);
  return `${words.join('.')}-${digest}`;
}
