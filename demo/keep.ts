import { once } from 'node:events';
import { LABELS, PORTS, STATUS_CONFIGMAP } from '../contract/names.ts';
import { nextPrimary, SITES, ZONE } from '../test/support/two-sites.ts';
import { say, styled, title } from './screen.ts';
import { NAMESPACE, type Stage } from './stage.ts';

/** Shows what can be tried by hand, and waits for Ctrl-C. */
export async function keepRunning(stage: Stage): Promise<void> {
  title('It stays up until you press Ctrl-C');
  for (const [what, ...commands] of await suggestions(stage)) {
    say();
    say(styled('dim', `# ${what}`));
    for (const command of commands) say(command);
  }
  say();
  const stop = new AbortController();
  const problem = (text: string) => say(styled('yellow', text));
  const obeying = stage.operator.obey(stop.signal, problem);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  stop.abort();
  await obeying;
}

async function suggestions({
  plane,
  cluster,
  controller,
  dns,
  web,
}: Stage): Promise<readonly (readonly string[])[]> {
  const { to, site } = await nextPrimary(cluster);
  const patch = JSON.stringify({ status: { targetPrimary: to } });
  const status = `kubectl -n ${NAMESPACE} get configmap ${STATUS_CONFIGMAP}`;
  return [
    ['First, in another terminal', `export KUBECONFIG=${plane.kubeconfig}`],
    ['The page, live: leave it open in a browser while you try the rest', `${controller.url}/`],
    [
      'The command line: who has followed, what is wrong, and what would be in the way of a move',
      'export PATH=$PWD/node_modules/.bin:$PATH',
      'dist/cli.mjs status',
      'dist/cli.mjs check',
      `dist/cli.mjs switchover --to ${site.name} --dry-run`,
    ],
    ['Where everything points', `${status} -o yaml`, `curl -s ${controller.url}/api/status`],
    [
      'Move the primary, as kubectl cnpg promote does, and see what follows',
      `kubectl -n ${cluster.namespace} patch cluster.postgresql.cnpg.io ${cluster.name} \\`,
      '  --subresource=status --type=merge \\',
      `  -p '${patch}'`,
      `curl -sN ${controller.url}/api/events`,
    ],
    ['Which pods the Service routes to', `kubectl -n ${web.namespace} get pods,endpointslices -o wide`],
    [
      'What a pod of each site is told (10.x.y.z is 127.x.y.z on this machine)',
      ...SITES.flatMap(({ nodeName }) => {
        const on = web.runner.pods.find(({ pod }) => pod.spec.nodeName === nodeName);
        return on === undefined ? [] : [`curl -s http://${on.address.local}:${PORTS.sidecar}/active; echo`];
      }),
    ],
    [
      'Take the sidecars away: the label is all there is',
      `kubectl -n ${web.namespace} label deployment ${web.name} ${LABELS.inject}-`,
    ],
    ['What happened', `kubectl get events -A`, `curl -s ${controller.url}/metrics`],
    ['The DNS zone', `curl -s ${dns.adminUrl}/admin/zones/${ZONE}`],
  ];
}
