/** What strangers send, as it goes over the wire. */
import { ANNOTATIONS, LABELS } from '../../../contract/names.ts';
import { REVIEW_PATH } from '../../../webhook/webhook-configuration.ts';
import { type Attack, NUMBER } from './attack.ts';
import { STRENGTH } from './strength.ts';

export const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** As much as one read of a socket brings. */
export const packetOf = (request: string) => request.repeat(Math.floor(65_000 / request.length));

export const WITHOUT_HOST = 'GET / HTTP/1.1\r\n\r\n';
export const IN_CHUNKS = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(10_000)}`;

/** Of a pod that asks for a sidecar, so that all of it is judged. */
function reviewRequest(metadata: object): string {
  const object = {
    metadata: { name: 'a', labels: { [LABELS.inject]: 'true' }, ...metadata },
    spec: { containers: [{ name: 'a' }] },
  };
  const review = JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: '1', kind: { group: '', version: 'v1', kind: 'Pod' }, operation: 'CREATE', object },
  });
  return `POST ${REVIEW_PATH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${review.length}\r\n\r\n${review}`;
}

export const REVIEW_REQUEST = reviewRequest({});
/** Many small things, which is what costs the most to parse. */
export const LARGE_REVIEW_REQUEST = reviewRequest({
  annotations: Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`key-${index}`, ''])),
});
/** Refused by what has to be said of it, with names that no object can have and no two have in common. */
export const LONG_NAMES_REQUEST = reviewRequest({
  name: NUMBER + 'x'.repeat(300_000),
  annotations: { [ANNOTATIONS.gate]: 'x'.repeat(300_000) },
  ownerReferences: [
    {
      apiVersion: 'v1',
      kind: 'K',
      name: NUMBER + 'n'.repeat(300_000),
      uid: 'u'.repeat(300_000),
      controller: true,
    },
  ],
});

/** All that one read of a socket brings, on connections that come back every so often. */
export const pipelined = (port: number, first: string): Attack => ({
  port,
  connections: 10 * STRENGTH,
  first,
  lifeMs: 500,
});

/** The same request on a connection again and again. */
export const askAgain = (text: string, everyMs: number) => ({ first: text, repeat: { text, everyMs } });
