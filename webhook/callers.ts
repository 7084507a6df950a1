import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import { shown } from '../kubernetes/cut.ts';
import { type Clock, sleep } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { certificatesIn } from './certificates/trust.ts';

/** Which clients are admitted, where the API server has a client certificate. */
export interface CallerSettings {
  /** PEM certificates of the authority of client certificates. */
  readonly file: string;
  /** Common names, as the authority may also issue certificates to kubelets and users. */
  readonly names: readonly string[];
}

/** The kubelet takes about a minute to update a mounted file. */
const READ_MS = 5_000;

/** Admits only clients with a certificate of that authority for one of the names. */
export class Callers {
  readonly #settings: CallerSettings;
  #authority = '';
  /** Called when the certificates in the file have changed. */
  onAuthority: () => void = () => undefined;

  constructor(settings: CallerSettings) {
    this.#settings = settings;
  }

  /** PEM. */
  get authority(): string {
    return this.#authority;
  }

  /** Rejects when there is no authority: the webhook would admit everybody, or nobody. */
  async load(): Promise<void> {
    this.#authority = await this.#read();
  }

  /** Reads the file periodically until `abort` fires; while it cannot be read, the last authority stays. */
  async follow(clock: Clock, log: Logger, abort: AbortSignal): Promise<void> {
    let said = '';
    while (!abort.aborted) {
      await sleep(clock, READ_MS, abort);
      const found = await this.#read().catch((error: Error) => error);
      const problem = found instanceof Error ? found.message : '';
      if (problem !== '' && problem !== said)
        log.warn({ problem }, 'client authority could not be read, keeping the last one');
      said = problem;
      if (found instanceof Error || found === this.#authority) continue;
      this.#authority = found;
      this.onAuthority();
    }
  }

  /** Why a client with a certificate of the authority is not admitted; undefined when it is. */
  refusal(request: IncomingMessage): string | undefined {
    // Without a certificate it is an empty object.
    const { subject }: Partial<PeerCertificate> = (request.socket as TLSSocket).getPeerCertificate();
    const name = String(subject?.CN ?? '');
    if (this.#settings.names.includes(name)) return undefined;
    return `the client certificate has the common name "${shown(name)}", which is none of WEBHOOK_CLIENT_NAMES`;
  }

  async #read(): Promise<string> {
    const { file } = this.#settings;
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw new Error(`WEBHOOK_CLIENT_CA_FILE: ${file} cannot be read: ${error.code ?? error.message}`);
    });
    const found = certificatesIn(text);
    if (found.length === 0) throw new Error(`WEBHOOK_CLIENT_CA_FILE: ${file} has no PEM certificate`);
    return found.join('');
  }
}
