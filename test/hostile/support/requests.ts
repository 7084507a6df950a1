/** What strangers send, as it goes over the wire. */

export const ask = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** As much as one read of a socket brings. */
export const packetOf = (request: string) => request.repeat(Math.floor(65_000 / request.length));

export const WITHOUT_HOST = 'GET / HTTP/1.1\r\n\r\n';
export const IN_CHUNKS = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(10_000)}`;

const REVIEW = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: { uid: '1', kind: { group: '', version: 'v1', kind: 'X' }, operation: 'CREATE', object: {} },
});
export const REVIEW_REQUEST = `POST /mutate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${REVIEW.length}\r\n\r\n${REVIEW}`;
