/**
 * For the chart’s hooks, as the image has neither shell nor kubectl: `create-postgres` after an installation, `cleanup`
 * after an uninstallation, `verify` by `helm test`.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CLUSTERS, type Cluster } from '../../cnpg/cluster.ts';
import { PROGRAM, STATUS_CONFIGMAP } from '../../contract/names.ts';
import { connect } from '../../kubernetes/client.ts';
import { loadKube } from '../../kubernetes/kube-config.ts';
import { systemClock as clock, withDeadline } from '../../runtime/clock.ts';
import { explain } from '../../runtime/explain.ts';
import { cleanup } from './cleanup.ts';
import { type CreatePorts, createPostgres } from './create-postgres.ts';
import { handshake } from './handshake.ts';
import { Refused } from './refused.ts';
import { type VerifyOptions, verify } from './verify.ts';

const FAILED = 1;
/** The Jobs’ podFailurePolicy ends the Job at this one, as a retry cannot help. */
const REFUSED = 2;
/** Below the deadline of the Job, so that the log says why. */
const CREATE_LIMIT_MS = 840_000;
const CLEANUP_LIMIT_MS = 240_000;
const CLEANUP = 'the API server, asked to remove what the processes have made,';
/** Helm waits for five minutes. */
const VERIFY_LIMIT_MS = 240_000;

/** Gives the exit code. */
export async function runRelease(args: readonly string[]): Promise<number> {
  const say = (line: string) => process.stdout.write(`${line}\n`);
  const stop = new AbortController();
  process.once('SIGTERM', () => stop.abort(new Error('stopped by SIGTERM')));
  try {
    const { kubeConfig, namespace: context } = loadKube(process.env);
    const api = connect({ kubeConfig, clock, abort: stop.signal });
    try {
      const ports = { api, clock, random: Math.random, say };
      const namespace = process.env.POD_NAMESPACE ?? context ?? 'default';
      const [command] = args;
      if (command === 'cleanup')
        await withDeadline(clock, CLEANUP_LIMIT_MS, stop.signal, CLEANUP, (abort) =>
          cleanup(cleanupOptions(args, namespace), ports, abort),
        );
      else if (command === 'verify')
        await verify(verifyOptions(args, namespace), { ...ports, handshake }, stop.signal);
      else await runCreatePostgres(args, ports, stop.signal);
      return 0;
    } finally {
      await api.close();
    }
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    return error instanceof Refused ? REFUSED : FAILED;
  }
}

async function runCreatePostgres(
  args: readonly string[],
  ports: CreatePorts,
  abort: AbortSignal,
): Promise<void> {
  const { values } = parseArgs({
    args: args.slice(1),
    options: {
      filename: { type: 'string', short: 'f' },
      'unless-made-by-others': { type: 'boolean', default: false },
    },
  });
  if (values.filename === undefined) throw new Refused('create-postgres needs -f FILE');
  const options = { timeoutMs: CREATE_LIMIT_MS, unlessMadeByOthers: values['unless-made-by-others'] };
  await createPostgres(await clusterIn(values.filename), ports, options, abort);
}

async function clusterIn(file: string): Promise<Cluster> {
  const { parse } = await import('../text/yaml.ts');
  const cluster = parse(readFileSync(file, 'utf8')) as Partial<Cluster> | null;
  if (cluster?.kind !== CLUSTERS.kind || cluster.metadata?.namespace === undefined) {
    throw new Refused(`${file} must be a Cluster with a name and a namespace`);
  }
  return cluster as Cluster;
}

function verifyOptions(args: readonly string[], namespace: string): VerifyOptions {
  const { values } = parseArgs({
    args: args.slice(1),
    options: { status: { type: 'string', multiple: true }, webhook: { type: 'string' } },
  });
  const { status: statuses = [STATUS_CONFIGMAP], webhook } = values;
  return { namespace, statuses, webhook, timeoutMs: VERIFY_LIMIT_MS };
}

function cleanupOptions(args: readonly string[], namespace: string) {
  const { values } = parseArgs({
    args: args.slice(1),
    options: {
      'wait-for-pods': { type: 'string' },
      secret: { type: 'string', multiple: true },
      lease: { type: 'string', multiple: true },
      copies: { type: 'string', multiple: true },
      pod: { type: 'string', multiple: true },
    },
  });
  const pods = values['wait-for-pods'];
  if (pods === undefined) throw new Refused('cleanup needs --wait-for-pods SELECTOR');
  return {
    namespace,
    pods,
    copies: values.copies ?? [STATUS_CONFIGMAP],
    secrets: values.secret ?? [],
    leftPods: values.pod ?? [],
    leases: [PROGRAM, `${PROGRAM}-webhook`, ...(values.lease ?? [])],
  };
}
