import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** Until the strangers hold all that they can. */
const LATE_MS = 300;
/** From the head of the answer on. */
const TOLD_MS = 5_000;

/** An honest client that comes to an event stream beside the attack: it hears the state, and is not cut off for others. */
export function listenAt(url: string) {
  return async (attacking: Promise<object>, abort: AbortSignal): Promise<object> => {
    const [report] = await Promise.all([attacking, listen(url, abort)]);
    return report;
  };
}

async function listen(url: string, abort: AbortSignal): Promise<void> {
  await delay(LATE_MS);
  const call = get(url, { agent: false });
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 200, 'who listens was refused');
  const cut = once(response, 'close').then(() => assert.ok(abort.aborted, 'who listens was cut off'));
  // The attack may be over by then, on a machine that does other things as well: that is no reason to hear nothing.
  await Promise.race([
    hears(response, /^data: /m),
    cut.then(() => assert.fail('who listens was told nothing')),
  ]);
  if (!abort.aborted) await Promise.race([cut, once(abort, 'abort')]);
  call.destroy();
}

function hears(response: IncomingMessage, what: RegExp): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error(`who listens was told nothing in ${TOLD_MS} ms`)), TOLD_MS);
  let heard = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
    if (what.test(heard)) resolve();
  });
  return promise.finally(() => clearTimeout(timer));
}
