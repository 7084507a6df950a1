import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

/** Until the strangers hold all that they can. */
const LATE_MS = 300;

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
  let heard = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
  });
  const cut = once(response, 'close').then(() => assert.ok(abort.aborted, 'who listens was cut off'));
  if (!abort.aborted) await Promise.race([cut, once(abort, 'abort')]);
  call.destroy();
  assert.match(heard, /^data: /m, 'who listens was told nothing');
}
