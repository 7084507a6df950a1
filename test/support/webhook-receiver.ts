import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { TestContext } from 'node:test';
import { Webhook } from 'standardwebhooks';
import { serveOnLoopback } from './loopback.ts';

/** What the receiver makes of one request. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The verified body, or why the reference implementation of Standard Webhooks refuses it. */
  readonly verified: unknown;
}

/** A receiver on loopback that judges as strictly as it can: method, media type, length, signature. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  /** Answers of the next requests; when there is none left, 204. */
  readonly answers: { status: number; headers?: Record<string, string> }[] = [];
  #url = '';

  get url(): string {
    return `${this.#url}/hook/s3cret-path`;
  }

  async start(t: TestContext, secret: string): Promise<this> {
    const verifier = new Webhook(secret);
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const { headers } = request;
        let verified: unknown;
        try {
          if (request.method !== 'POST') throw new Error(`method ${request.method}`);
          if (request.url !== '/hook/s3cret-path') throw new Error(`path ${request.url}`);
          if (Number(headers['content-length']) !== Buffer.byteLength(body)) throw new Error('length');
          verified = verifier.verify(body, headers as Record<string, string>);
        } catch (error) {
          verified = error;
        }
        this.received.push({ headers, body, verified });
        const { status, headers: more = {} } = this.answers.shift() ?? { status: 204 };
        response.writeHead(status, more).end(status === 204 ? undefined : 'body that nobody reads');
      });
    });
    this.#url = `http://127.0.0.1:${await serveOnLoopback(t, server)}`;
    return this;
  }
}
