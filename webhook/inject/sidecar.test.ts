import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadInjectorConfig } from '../injector-config.ts';
import { readSettings } from './settings.ts';
import { sidecarOf } from './sidecar.ts';

const loaded = loadInjectorConfig({});
assert.ok(loaded.ok);
const { value: config } = loaded;

const settingsOf = (annotations: Readonly<Record<string, string>>) =>
  readSettings(annotations, config.resources).settings;
const onPort = (port: number) => settingsOf({ 'site-follower/port': String(port) });

test('pods that ask for the same get the same, and others get theirs', () => {
  assert.equal(sidecarOf(config, onPort(2_000)), sidecarOf(config, onPort(2_000)));
  assert.notDeepEqual(sidecarOf(config, onPort(2_000)), sidecarOf(config, onPort(2_001)));
  const other = { ...config, image: 'other' };
  assert.notDeepEqual(sidecarOf(other, onPort(2_000)), sidecarOf(config, onPort(2_000)));
});

test('nobody makes it keep more than a hundred, nor long ones', () => {
  const first = sidecarOf(config, onPort(3_000));
  for (let port = 3_001; port <= 3_100; port += 1) sidecarOf(config, onPort(port));
  assert.notEqual(sidecarOf(config, onPort(3_000)), first);
  const long = settingsOf({ 'site-follower/on-standby': `8080/${'x'.repeat(100_000)}` });
  assert.notEqual(sidecarOf(config, long), sidecarOf(config, long));
});
