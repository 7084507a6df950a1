/**
 * The least that a program can do to follow a primary: on an event of the Cluster, read the pod and put a ConfigMap.
 * No safety of any kind. What it takes is what the API server, the network and node take: the floor for the controller.
 *
 * `node bench/floor-client.ts CONTROL-PLANE-FOLDER NAMESPACE CLUSTER CONFIGMAP`
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { createInterface } from 'node:readline';
import { json } from 'node:stream/consumers';
import type { Cluster } from '../cnpg/cluster.ts';
import { encodeStatus } from '../contract/status.ts';
import type { List } from '../kubernetes/api.ts';
import type { Pod } from '../kubernetes/resources.ts';
import { openControlPlane } from '../test/support/control-plane-access.ts';
import { SITES } from '../test/support/two-sites.ts';

const [folder = '', namespace = '', clusterName = '', configMap = ''] = process.argv.slice(2);
const { url, authority, admin } = await openControlPlane(folder);
const agent = new Agent({
  keepAlive: true,
  ca: authority.certificate,
  cert: admin.certificate,
  key: admin.key,
});

const clusters = `/apis/postgresql.cnpg.io/v1/namespaces/${namespace}/clusters`;
const selection = `fieldSelector=${encodeURIComponent(`metadata.name=${clusterName}`)}`;
const core = `/api/v1/namespaces/${namespace}`;

const list = (await json(await call('GET', `${clusters}?${selection}`))) as List<Cluster> & {
  readonly metadata: { readonly resourceVersion: string };
};
let primary = list.items[0]?.status?.currentPrimary ?? '';
let epoch = 0;
await put('POST', `${core}/configmaps`, primary);
process.stdout.write('{"msg":"watching"}\n');

const since = `resourceVersion=${list.metadata.resourceVersion}`;
const events = await call('GET', `${clusters}?watch=true&${since}&${selection}`);
for await (const line of createInterface({ input: events })) {
  const { object } = JSON.parse(line) as { readonly object: Cluster };
  const now = object.status?.currentPrimary ?? '';
  if (now === primary) continue;
  primary = now;
  await put('PUT', `${core}/configmaps/${configMap}`, primary);
}

async function put(method: string, path: string, name: string): Promise<void> {
  const pod = (await json(await call('GET', `${core}/pods/${name}`))) as Pod;
  const node = pod.spec?.nodeName ?? '';
  const site = SITES.find(({ nodeName }) => nodeName === node)?.name ?? '';
  epoch += 1;
  const at = new Date().toISOString();
  const data = encodeStatus({
    activeSite: site,
    activeNode: node,
    primary: name,
    phase: 'Settled',
    reason: '',
    epoch,
    since: at,
    lastUpdated: at,
    sites: {},
  });
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: configMap }, data };
  await json(await call(method, path, JSON.stringify(body)));
}

async function call(method: string, path: string, body = ''): Promise<IncomingMessage> {
  const options: RequestOptions = { agent, method, headers: { 'content-type': 'application/json' } };
  const sent = request(url + path, options).end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  if ((answer.statusCode ?? 0) >= 300)
    throw new Error(`${method} ${path} was answered by ${answer.statusCode}`);
  return answer;
}
