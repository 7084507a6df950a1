import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Cluster } from '../../cnpg/cluster.ts';
import type { KubeApi } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { explain } from '../../runtime/explain.ts';
import { VirtualClock } from '../../test/support/virtual-clock.ts';
import { createPostgres, FIELD_MANAGER } from './create-postgres.ts';
import { Refused } from './refused.ts';

const LIMIT_MS = 60_000;
const CLUSTER: Cluster = { metadata: { namespace: 'postgres', name: 'pg-cluster', generation: 1 } };
/** Word for word as API servers send it. */
const SCHEMA_ERROR =
  'failed to create typed patch object (postgres/pg-cluster; postgresql.cnpg.io/v1, Kind=Cluster): ' +
  '.spec.instancez: field not declared in schema';

function answer(status: number, message: string, reason = 'Unknown'): KubeError {
  return new KubeError(`PATCH /x failed with ${status}: ${message}`, { status, reason });
}

/** Runs it to its end, against an API server that gives these answers, and then the last one for ever. */
async function attempt(...answers: readonly (KubeError | Cluster)[]) {
  return attemptBeside(undefined, ...answers);
}

/** The same, as it is run where nobody has asked for the Cluster, and this one is there already. */
async function attemptBeside(theirs: Cluster | undefined, ...answers: readonly (KubeError | Cluster)[]) {
  const clock = new VirtualClock();
  const lines: string[] = [];
  let calls = 0;
  const patch = async () => {
    const given = answers[Math.min(calls, answers.length - 1)];
    calls += 1;
    if (given instanceof Error) throw given;
    return given;
  };
  const ports = {
    api: {
      get: (async () => theirs) as unknown as KubeApi['get'],
      patch: patch as KubeApi['patch'],
    },
    clock,
    random: () => 0.5,
    say: (line: string) => lines.push(line),
  };
  const ended = createPostgres(
    CLUSTER,
    ports,
    { timeoutMs: LIMIT_MS, unlessMadeByOthers: theirs !== undefined },
    new AbortController().signal,
  ).then(
    () => undefined,
    (error: unknown) => error,
  );
  await clock.advance(2 * LIMIT_MS);
  return { error: await ended, calls, lines };
}

// 500 today, 400 where kubernetes/kubernetes#139253 is mended.
for (const status of [500, 400]) {
  test(`a field that the operator does not know is refused at once, answered with ${status}`, async () => {
    const { error, calls, lines } = await attempt(answer(status, SCHEMA_ERROR));
    assert.ok(error instanceof Refused, explain(error));
    assert.equal(calls, 1);
    assert.deepEqual(lines, []);
    assert.match(
      explain(error),
      /^Cluster postgres\/pg-cluster .*postgres in the chart's values.*\.spec\.instancez/,
    );
  });
}

for (const [name, error] of [
  ['the operator’s webhook does not answer', answer(500, 'failed calling webhook "x"', 'InternalError')],
  ['there is no CRD yet', answer(404, 'not found', 'NotFound')],
  ['the API server is away', answer(0, 'got no answer', 'NoAnswer')],
] as const) {
  test(`it is tried again while ${name}`, async () => {
    const { error: failure, calls, lines } = await attempt(error, error, CLUSTER);
    assert.equal(failure, undefined);
    assert.equal(calls, 3);
    assert.deepEqual(lines, [
      `waiting: ${error.message}`,
      'Cluster postgres/pg-cluster is as the chart defines it (generation 1)',
    ]);
  });
}

test('it is given up after the limit, which another start may pass', async () => {
  const { error } = await attempt(answer(404, 'not found', 'NotFound'));
  assert.ok(error instanceof Error && !(error instanceof Refused));
  assert.match(error.message, /could not be made within 60 s: is the CloudNativePG operator installed\?/);
});

test('one that somebody else has made is left alone where nobody has asked for it', async () => {
  const theirs = { ...CLUSTER, metadata: { ...CLUSTER.metadata, managedFields: [{ manager: 'kubectl' }] } };
  const { error, calls, lines } = await attemptBeside(theirs, CLUSTER);
  assert.deepEqual([error, calls], [undefined, 0]);
  assert.match(lines.join('\n'), /is there already and was not made by the chart: it is left as it is$/);
});

test('one that an earlier release has made is kept in line', async () => {
  const managedFields = [{ manager: 'manager' }, { manager: FIELD_MANAGER }];
  const { error, calls } = await attemptBeside(
    { ...CLUSTER, metadata: { ...CLUSTER.metadata, managedFields } },
    CLUSTER,
  );
  assert.deepEqual([error, calls], [undefined, 1]);
});
