import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meshWarnings } from './mesh.ts';
import type { Pod } from './shape.ts';

const EXCLUDE = 'traffic.sidecar.istio.io/excludeInboundPorts';
const SKIP = 'config.linkerd.io/skip-inbound-ports';

interface Said {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly containers?: readonly string[];
}

function pod({ labels = {}, annotations = {}, containers = [] }: Said): Pod {
  return { metadata: { labels, annotations }, spec: { containers: containers.map((name) => ({ name })) } };
}

for (const { what, says, warns } of [
  { what: 'a pod in no mesh', says: {}, warns: undefined },
  {
    what: 'a pod that Istio is kept from',
    says: { labels: { 'sidecar.istio.io/inject': 'false' } },
    warns: undefined,
  },
  { what: 'a pod that asks Istio', says: { labels: { 'sidecar.istio.io/inject': 'true' } }, warns: EXCLUDE },
  {
    what: 'a pod that asks a revision of Istio',
    says: { labels: { 'istio.io/rev': 'canary' } },
    warns: EXCLUDE,
  },
  { what: 'a pod that has the proxy', says: { containers: ['app', 'istio-proxy'] }, warns: EXCLUDE },
  { what: 'a pod that asks Linkerd', says: { annotations: { 'linkerd.io/inject': 'enabled' } }, warns: SKIP },
  {
    what: 'a pod that Linkerd is kept from',
    says: { annotations: { 'linkerd.io/inject': 'disabled' } },
    warns: undefined,
  },
  {
    what: 'a pod whose port is left out',
    says: { containers: ['istio-proxy'], annotations: { [EXCLUDE]: '80, 9912' } },
    warns: undefined,
  },
  {
    what: 'a pod whose ports are left out as a range',
    says: { containers: ['linkerd-proxy'], annotations: { [SKIP]: '25,9900-9999' } },
    warns: undefined,
  },
  {
    what: 'a pod that leaves out other ports',
    says: { containers: ['istio-proxy'], annotations: { [EXCLUDE]: '80,443' } },
    warns: `${EXCLUDE} to "80,443,9912"`,
  },
] satisfies readonly { what: string; says: Said; warns: string | undefined }[]) {
  test(`${what} ${warns === undefined ? 'needs no word' : 'is warned of'}`, () => {
    const found = meshWarnings(pod(says), 9_912);
    assert.equal(found.length, warns === undefined ? 0 : 1);
    if (warns !== undefined) assert.ok(found[0]?.includes(warns), found[0]);
  });
}
