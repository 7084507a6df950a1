/**
 * To be imported by a test process, with a folder as `?processes=`, where it leaves its id. It writes its report before
 * it goes on: otherwise what a busy reader has not yet taken would be lost, as --test-force-exit does not wait for it.
 */
import { writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { leaveCost } from './costs.ts';

interface Blocking {
  setBlocking(isBlocking: boolean): void;
}

/** What node keeps below a stream. There is no other way to have a pipe written at once. */
function handleOf(stream: NodeJS.WriteStream): Blocking | undefined {
  return stream instanceof Socket
    ? (stream as unknown as { readonly _handle?: Blocking })._handle
    : undefined;
}

handleOf(process.stdout)?.setBlocking(true);

const processes = new URL(import.meta.url).searchParams.get('processes');
if (processes === null) throw new Error('whole-report.ts?processes= is missing');
const own = join(processes, String(process.pid));
writeFileSync(own, process.argv[1] ?? '');
leaveCost(own);
