import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isOwnHost } from './hosts.ts';

test('addresses and names that no stranger can have are our own', () => {
  for (const host of [
    undefined,
    '10.1.2.3:8080',
    '10.1.2.3',
    '[fd00::1]:9912',
    '[::1]',
    'localhost:8080',
    'LOCALHOST',
    'page.localhost',
    'kube-site-follower-controller',
    'kube-site-follower-controller.site-follower:8080',
    'kube-site-follower-controller.postgres.svc',
    'kube-site-follower-controller.postgres.svc.:8080',
    'kube-site-follower-controller.postgres.svc.cluster.local:8080',
    'ip-10-0-0-1.ec2.internal',
  ]) {
    assert.ok(isOwnHost(host), host);
  }
});

test('any other name is refused unless it is known', () => {
  const known = ['status.example.com'];
  for (const host of [
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'controller.svc.evil.example',
    'evil.dev',
    'evil.xn--p1ai',
    'cluster.local.evil.com',
    'xstatus.example.com',
    'a.status.example.com',
  ]) {
    assert.ok(!isOwnHost(host, known), host);
  }
  assert.ok(isOwnHost('status.example.com', known));
  assert.ok(isOwnHost('Status.Example.com:443', known));
});
