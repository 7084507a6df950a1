/** From the write of the status to the application: by `/events` of its sidecar, which is what `/active` answers. */
import { STATUS_CONFIGMAP } from '../../contract/names.ts';
import { encodeStatus } from '../../contract/status.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { AnswerStream } from '../../test/support/answer-stream.ts';
import type { ControlPlane } from '../../test/support/control-plane.ts';
import { createNamespace } from '../../test/support/seed.ts';
import { SHIPPED_BUNDLE, startSidecar } from '../../test/support/sidecar.ts';
import { letSidecarsRead, podCredentials } from '../../test/support/sidecar-access.ts';
import { EAST, SITES, type SiteSetting } from '../../test/support/two-sites.ts';

/** The first writes are not counted: connections are still being made. */
const WARM_UP = 5;

/** Milliseconds of each write, which this program makes itself, as the controller would. */
export async function timeAnswers(plane: ControlPlane, writes: number): Promise<readonly number[]> {
  await using ends = new AsyncDisposableStack();
  const namespace = await createNamespace(plane, 'status');
  const key = { namespace, name: STATUS_CONFIGMAP };
  await letSidecarsRead(plane, key);
  await plane.api.create<ConfigMap>(CONFIG_MAPS, { metadata: key, data: statusAt(EAST, 1) });
  const credentials = await podCredentials(plane, await createNamespace(plane, 'app'));
  ends.defer(() => credentials.remove());
  const { hostname: host, port } = new URL(plane.url);
  const sidecar = await startSidecar({
    bundle: SHIPPED_BUNDLE,
    nodeName: EAST.nodeName,
    namespace,
    apiServer: { host, port: Number(port) },
    credentials,
  });
  ends.defer(async () => void (await sidecar.process.stop()));
  await sidecar.until('it answers from the API', ({ source, stale }) => source === 'api' && !stale);
  const answers = await AnswerStream.open(sidecar.url);
  ends.defer(() => answers.close());

  const samples: number[] = [];
  for (let write = 0; write < WARM_UP + writes; write += 1) {
    const epoch = write + 2;
    const site = SITES[epoch % SITES.length] ?? EAST;
    const sentAt = performance.now();
    const [{ at }] = await Promise.all([
      answers.until((answer) => answer.epoch === epoch),
      plane.api.patch<ConfigMap>(CONFIG_MAPS, key, { data: statusAt(site, epoch) }, { type: 'merge' }),
    ]);
    if (write >= WARM_UP) samples.push(at - sentAt);
  }
  return samples;
}

function statusAt({ name, nodeName }: SiteSetting, epoch: number) {
  const at = new Date().toISOString();
  return encodeStatus({
    activeSite: name,
    activeNode: nodeName,
    primary: 'pg-cluster-1',
    phase: 'Settled',
    reason: '',
    epoch,
    since: at,
    lastUpdated: at,
    sites: Object.fromEntries(SITES.map((site) => [site.name, [site.nodeName]])),
  });
}
