import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, request } from 'undici';
import { run } from './command.ts';
import type { Download } from './recipe.ts';

const MAX_REDIRECTS = 5;

/**
 * Fetches `download` over https into `path`, after its checksum was found right. A network that refuses is known
 * after five seconds; a download that stalls ends after thirty.
 */
export async function fetchRelease(download: Download, path: string, abort: AbortSignal): Promise<void> {
  const agent = new EnvHttpProxyAgent({
    connect: { timeout: 5_000 },
    headersTimeout: 10_000,
    bodyTimeout: 30_000,
  });
  const folder = await mkdtemp(join(dirname(path), '.download-'));
  try {
    const expected = await expectedSum(agent, download, abort);
    const file = join(folder, basename(new URL(download.url).pathname));
    const hash = createHash('sha256');
    const hashed = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    const body = await open(agent, download.url, abort);
    await pipeline(body, hashed, createWriteStream(file, { mode: 0o755 }), { signal: abort });
    const found = hash.digest('hex');
    if (found !== expected) {
      throw new Error(
        `${download.url} has the SHA-256 ${found}, its publisher says ${expected}; it was not kept`,
      );
    }
    if (download.member === undefined) {
      await rename(file, path);
    } else {
      await run('tar', ['-xzf', file, '-C', folder, download.member], { abort });
      await rename(join(folder, download.member), path);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
    await agent.close();
  }
}

async function expectedSum(
  agent: EnvHttpProxyAgent,
  download: Download,
  abort: AbortSignal,
): Promise<string> {
  if (typeof download.sha256 === 'string') return download.sha256;
  const listing = await (await open(agent, download.sha256.url, abort)).text();
  const sum = findSum(listing, basename(new URL(download.url).pathname));
  if (sum === undefined) throw new Error(`${download.sha256.url} lists no SHA-256 for ${download.url}`);
  return sum;
}

/** The SHA-256 of `file` in a listing: either nothing but the sum, or lines of `<hex>  <file name>`. */
export function findSum(listing: string, file: string): string | undefined {
  const rows = listing
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+\*?/));
  const alone = rows.length === 1 && rows[0]?.length === 1;
  const sum = (alone ? rows[0] : rows.find((row) => row[1] === file))?.[0]?.toLowerCase();
  return sum !== undefined && /^[0-9a-f]{64}$/.test(sum) ? sum : undefined;
}

async function open(agent: EnvHttpProxyAgent, url: string, abort: AbortSignal) {
  let target = url;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    const { statusCode, headers, body } = await request(target, { dispatcher: agent, signal: abort });
    if (statusCode === 200) return body;
    await body.dump();
    if (statusCode < 300 || statusCode >= 400 || typeof headers.location !== 'string') {
      throw new Error(`${target} answered ${statusCode}`);
    }
    target = new URL(headers.location, target).href;
    if (!target.startsWith('https:')) throw new Error(`${url} redirects away from https, to ${target}`);
  }
  throw new Error(`${url} redirects more than ${MAX_REDIRECTS} times`);
}
