import assert from 'node:assert/strict';
import { test } from 'node:test';
import { regionOf } from './api.ts';

test('the region is that of the first variable that says one', () => {
  assert.equal(regionOf({ AWS_REGION: 'eu-west-1\n', AWS_DEFAULT_REGION: 'cn-north-1' }), 'eu-west-1');
  assert.equal(regionOf({ AWS_REGION: '', AWS_DEFAULT_REGION: 'cn-north-1' }), 'cn-north-1');
  assert.equal(regionOf({ AWS_REGION: ' ' }), 'us-east-1');
  assert.equal(regionOf({}), 'us-east-1');
});
