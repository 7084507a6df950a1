import { decodeStatus } from '../../contract/status.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { CONFIG_MAPS, MUTATING_WEBHOOK_CONFIGURATIONS } from '../../kubernetes/resources.ts';
import { type Clock, sleep } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import { readLease, watchedLeaderOf } from '../status/leader.ts';

export interface VerifyPorts {
  readonly api: Pick<KubeApi, 'get'>;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  /** Rejects unless the server has a certificate of this authority for its name. */
  readonly handshake: (server: { readonly host: string; readonly authority: string }) => Promise<void>;
}

export interface VerifyOptions {
  /** Of the release. */
  readonly namespace: string;
  /** Names of the status ConfigMaps. */
  readonly statuses: readonly string[];
  /** The name of its Service and configuration; undefined: there is none. */
  readonly webhook?: string | undefined;
  readonly timeoutMs: number;
}

const POLL_MS = 2_000;

/**
 * Waits until the release works: a controller leads, each follower is settled, and the API server trusts the webhook. After
 * `timeoutMs`, which leaves a new database time to start, it rejects with all that is missing.
 */
export async function verify(options: VerifyOptions, ports: VerifyPorts, abort: AbortSignal): Promise<void> {
  const { statuses, webhook, timeoutMs } = options;
  const { clock, say } = ports;
  const checks = [
    () => leaderLives(options, ports, abort),
    ...statuses.map((name) => () => isSettled(name, options, ports, abort)),
    ...(webhook === undefined ? [] : [() => webhookIsTrusted(webhook, options, ports, abort)]),
  ];
  const end = clock.elapsed() + timeoutMs;
  for (let said = ''; ; ) {
    const results = await Promise.allSettled(checks.map((check) => check()));
    abort.throwIfAborted();
    const problems = results.flatMap((one) => (one.status === 'rejected' ? [explain(one.reason)] : []));
    if (problems.length === 0) {
      for (const one of results) if (one.status === 'fulfilled') say(one.value);
      return;
    }
    const line = problems.join('; ');
    if (clock.elapsed() >= end) throw new Error(line);
    if (line !== said) say(`waiting: ${line}`);
    said = line;
    await sleep(clock, POLL_MS, abort);
  }
}

/** What a person reads of it where it is so; it rejects where it is not. */
type Check = (options: VerifyOptions, ports: VerifyPorts, abort: AbortSignal) => Promise<string>;
type NamedCheck = (name: string, ...rest: Parameters<Check>) => Promise<string>;

const leaderLives: Check = async ({ namespace }, { api, clock }, abort) => {
  const read = () => readLease(api, namespace);
  const lease = await read();
  if (lease === undefined) throw new Error('no controller leads: are its pods running?');
  const { alive, holder, renewedAt } = await watchedLeaderOf(lease, read, clock, abort);
  if (!alive) throw new Error(`no controller leads since ${renewedAt}: are its pods running?`);
  return `controller: ${holder} leads`;
};

const isSettled: NamedCheck = async (name, { namespace }, { api }, abort) => {
  const found = await api.get(CONFIG_MAPS, { namespace, name }, { abort }).catch(ignoreNotFound);
  const status = decodeStatus(found?.data);
  if (status === undefined) throw new Error(`ConfigMap ${namespace}/${name} has no status yet`);
  const { phase, reason, activeSite, primary } = status;
  if (phase !== 'Settled') throw new Error(`ConfigMap ${namespace}/${name}: ${phase}, ${reason}`);
  return `${name}: Settled, ${activeSite} is active with ${primary}`;
};

const webhookIsTrusted: NamedCheck = async (name, { namespace }, { api, handshake }, abort) => {
  const { webhooks = [] } = await api.get(MUTATING_WEBHOOK_CONFIGURATIONS, { name }, { abort });
  const authority = webhooks[0]?.clientConfig?.caBundle;
  if (authority === undefined) throw new Error('the webhook has no caBundle yet: are its pods running?');
  const host = `${name}.${namespace}.svc`;
  await handshake({ host, authority: Buffer.from(authority, 'base64').toString() });
  return `webhook: ${host} answers with a certificate that the API server trusts`;
};
