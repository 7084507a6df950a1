import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { Pair } from './authority.ts';
import type { ServedCertificate } from './served.ts';
import { isFor, validityOf } from './trust.ts';

export interface MountedCertificateOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** A mounted Secret of the type kubernetes.io/tls. */
  readonly folder: string;
  /** The certificate has to be for the first of them. */
  readonly names: readonly string[];
  readonly served: ServedCertificate;
}

/** The kubelet takes about a minute to update the files, and certificates are renewed weeks before they expire. */
const READ_MS = 5_000;

/** Serves a certificate from cert-manager, which also keeps the caBundle. */
export class MountedCertificate {
  readonly #options: MountedCertificateOptions;
  readonly #wakeup: Wakeup;
  #said = '';

  constructor(options: MountedCertificateOptions) {
    this.#options = options;
    this.#wakeup = new Wakeup(options.clock, 0);
    options.served.onConfiguration = this.#wakeup.notify;
  }

  /** Resolves when `abort` has aborted. */
  run(abort: AbortSignal): Promise<void> {
    return this.#options.served.watch((inner) => this.#loop(inner), abort);
  }

  async #loop(abort: AbortSignal): Promise<void> {
    const { served, folder, names, clock } = this.#options;
    while (!abort.aborted) {
      const found = await readPair(folder, names[0] ?? '', clock.now());
      this.#say('problem' in found ? found.problem : '');
      const wait = 'problem' in found ? READ_MS : served.offer(found);
      await this.#wakeup.wait(Math.min(wait, READ_MS), abort);
    }
  }

  /** Logs each problem once. The last certificate stays served. */
  #say(problem: string): void {
    const { log, served } = this.#options;
    if (problem === this.#said) return;
    this.#said = problem;
    if (problem === '') return;
    served.absence = problem;
    log.warn({ problem }, 'the mounted certificate cannot be used');
  }
}

/**
 * The certificate and key in a folder, which match, are for `host`, are valid at `now`, and are taken by TLS. No problem shows
 * anything of the key.
 */
export async function readPair(
  folder: string,
  host: string,
  now: number,
): Promise<Pair | { readonly problem: string }> {
  let certificate: string;
  let key: string;
  try {
    // The kubelet moves this link to a new version: both are read from the same one.
    const version = await realpath(join(folder, '..data')).catch(() => folder);
    [certificate, key] = (await Promise.all(
      ['tls.crt', 'tls.key'].map((name) => readFile(join(version, name), 'utf8')),
    )) as [string, string];
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return { problem: `tls.crt and tls.key in ${folder} cannot be read: ${code}` };
  }
  try {
    const leaf = new X509Certificate(certificate);
    if (!leaf.checkPrivateKey(createPrivateKey(key))) {
      return { problem: `tls.key in ${folder} is not that of tls.crt` };
    }
    if (!isFor(leaf, host)) return { problem: `tls.crt in ${folder} is not for ${host}` };
    const { from, until } = validityOf(leaf);
    const when = (ms: number) => new Date(ms).toISOString();
    if (now < from) return { problem: `tls.crt in ${folder} is not valid before ${when(from)}` };
    if (now >= until) return { problem: `tls.crt in ${folder} has expired on ${when(until)}` };
  } catch {
    // The parser’s message about a key could show a part of it.
    return { problem: `tls.crt or tls.key in ${folder} is not in PEM form` };
  }
  const refusal = refusalOf(certificate, key);
  if (refusal !== undefined) return { problem: `TLS refuses tls.crt or tls.key in ${folder}: ${refusal}` };
  return { certificate, key };
}

/** Such as a key that is too short, or a chain with something in it that is no certificate. */
function refusalOf(cert: string, key: string): string | undefined {
  try {
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    // A fixed text of OpenSSL, unlike the message.
    return (error as { readonly reason?: string }).reason ?? 'it gives no reason';
  }
}
