import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Controller } from '../../controller/controller.ts';
import type { ControllerPorts } from '../../controller/ports.ts';
import { FollowerScene, serviceConfig } from '../support/follower-scene.ts';
import { commandsOf } from './coverage.ts';
import { blocksOf, documents } from './markdown.ts';

const DNS = {
  DNS_RECORDS: 'app.example.com',
  NAMECHEAP_API_USER: 'someone',
  NAMECHEAP_API_KEY: '0123456789abcdef',
  NAMECHEAP_CLIENT_IP: '203.0.113.7',
};

/** What the runbook looks for in the log: the part behind the bar. */
const [, filter = ''] =
  documents()
    .filter(({ path }) => path === 'docs/runbooks/SiteFollowerNotFollowing.md')
    .flatMap(blocksOf)
    .flatMap(({ text }) => commandsOf(text))
    .find((command) => command.includes(' logs '))
    ?.split(' | ') ?? [];

type Judge = FollowerScene['judge'];

const refuse =
  (verb: string, plural: string): Judge =>
  (call) =>
    call.verb === verb && call.resource.plural === plural ? 'server error' : undefined;
const refuseConfigMaps: Judge = ({ resource }) =>
  resource.plural === 'configmaps' ? 'server error' : undefined;
const withoutProvider: Partial<ControllerPorts> = {
  createProvider: () => Promise.reject(new Error('a defect')),
};

for (const { name, says, judge = () => undefined, isFromTheStart = false, ports = {} } of [
  { name: 'what is followed cannot be read', says: 'ApiError: ', judge: refuse('get', 'clusters') },
  { name: 'the status cannot be written', says: 'reconcile failed', judge: refuse('replace', 'configmaps') },
  {
    name: 'a new leader can read no ConfigMap',
    says: 'report',
    judge: refuseConfigMaps,
    isFromTheStart: true,
  },
  { name: 'there is a defect', says: 'a defect', ports: withoutProvider, isFromTheStart: true },
]) {
  test(`the runbook of NotFollowing finds in the log why, when ${name}`, async () => {
    const kube = new FollowerScene();
    const stop = new AbortController();
    if (isFromTheStart) kube.judge = judge;
    const config = serviceConfig(DNS);
    const ended = new Controller(config, { ...kube.servicePorts(), ...ports }).run(stop.signal);
    await kube.clock.advance(10_000);
    const before = isFromTheStart ? 0 : kube.log.length;
    kube.judge = judge;
    kube.moveTo('pg-2');
    await kube.clock.advance(180_000);
    const input = `${kube.log
      .slice(before)
      .map((line) => JSON.stringify(line))
      .join('\n')}\n`;
    stop.abort(new Error('SIGTERM'));
    await kube.clock.advance(60_000);
    await ended;
    const found = execFileSync('bash', ['-c', `${filter} || true`], { input, encoding: 'utf8' });
    assert.ok(found.includes(says), `${filter} found: ${found}\nin: ${input}`);
  });
}
