import { createServer, type RequestListener } from 'node:http';
import type { TestContext } from 'node:test';
import { Agent } from 'undici';
import { systemClock } from '../../../../runtime/clock.ts';
import { serveOnLoopback } from '../../../../test/support/loopback.ts';
import { CallLimiters } from '../../../calls/call-limiter.ts';
import { Route53Api } from '../api.ts';
import { Route53Provider } from '../provider.ts';

/** Route 53 as `answer` has it, for one test, and both ways to ask it. */
export async function answering(t: TestContext, answer: RequestListener) {
  process.env.AWS_ACCESS_KEY_ID = 'key';
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  const port = await serveOnLoopback(t, createServer(answer));
  const dispatcher = new Agent();
  t.after(() => dispatcher.destroy());
  const config = { apiUrl: `http://127.0.0.1:${port}`, zoneId: undefined, privateZone: false };
  const api = new Route53Api(config, {
    clock: systemClock,
    dispatcher,
    limiters: new CallLimiters(systemClock),
  });
  return { api, provider: new Route53Provider(api, config, systemClock) };
}
