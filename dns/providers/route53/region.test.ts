import assert from 'node:assert/strict';
import { test } from 'node:test';
import { regionOf } from './api.ts';
import { answering } from './testing/answering.ts';

test('the region is that of the first variable that says one', () => {
  assert.equal(regionOf({ AWS_REGION: 'eu-west-1\n', AWS_DEFAULT_REGION: 'cn-north-1' }), 'eu-west-1');
  assert.equal(regionOf({ AWS_REGION: '', AWS_DEFAULT_REGION: 'cn-north-1' }), 'cn-north-1');
  assert.equal(regionOf({ AWS_REGION: ' ' }), 'us-east-1');
  assert.equal(regionOf({}), 'us-east-1');
});

test('the client signs for it', async (t) => {
  process.env.AWS_REGION = '';
  let signed = '';
  const { api } = await answering(t, (request, response) => {
    signed = request.headers.authorization ?? '';
    response.writeHead(500).end();
  });
  await assert.rejects(api.zonesNamed('example.com', new AbortController().signal));
  assert.match(signed, /\/us-east-1\/route53\/aws4_request/);
});
