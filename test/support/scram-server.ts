import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

const ITERATIONS = 4096;

/** The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677), for one conversation. */
export class ScramServer {
  readonly #login: { readonly username: string; readonly password: string };
  readonly #salt = randomBytes(28);
  #nonce = '';
  #first = '';
  #proved = false;
  readonly #iterations: number;

  constructor(login: { readonly username: string; readonly password: string }, iterations = ITERATIONS) {
    this.#login = login;
    this.#iterations = iterations;
  }

  /** The answer to what the client says; undefined when it is refused. */
  step(text: string): { readonly text: string; readonly done: boolean } | undefined {
    // The client may end with an empty message.
    if (this.#proved && text === '') return { text: '', done: true };
    return this.#nonce === '' ? this.#greet(text) : this.#prove(text);
  }

  #greet(text: string) {
    const match = /^n,,(n=([^,]*),r=([^,]+))$/.exec(text);
    if (match === null || match[2] !== this.#login.username) return undefined;
    this.#nonce = `${match[3]}${randomBytes(24).toString('base64')}`;
    const server = `r=${this.#nonce},s=${this.#salt.toString('base64')},i=${this.#iterations}`;
    this.#first = `${match[1]},${server}`;
    return { text: server, done: false };
  }

  #prove(text: string) {
    const match = /^(c=biws,r=([^,]+)),p=(.+)$/.exec(text);
    if (match === null || match[2] !== this.#nonce) return undefined;
    const salted = pbkdf2Sync(this.#login.password, this.#salt, this.#iterations, 32, 'sha256');
    const clientKey = hmac(salted, 'Client Key');
    const storedKey = createHash('sha256').update(clientKey).digest();
    const message = `${this.#first},${match[1]}`;
    const signature = hmac(storedKey, message);
    const proof = Buffer.from(match[3] ?? '', 'base64');
    const wanted = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
    if (proof.length !== wanted.length || !timingSafeEqual(proof, wanted)) return undefined;
    this.#proved = true;
    const verifier = hmac(hmac(salted, 'Server Key'), message).toString('base64');
    return { text: `v=${verifier}`, done: true };
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
