import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { answering } from './testing/answering.ts';

const { signal: abort } = new AbortController();
const NAMESPACE = 'xmlns="https://route53.amazonaws.com/doc/2013-04-01/"';

const NO_ZONES = `<ListHostedZonesByNameResponse ${NAMESPACE}><HostedZones/><IsTruncated>false</IsTruncated><MaxItems>100</MaxItems></ListHostedZonesByNameResponse>`;
const NOT_TAKEN = `<ErrorResponse ${NAMESPACE}><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code><Message>invalid</Message></Error><RequestId>1</RequestId></ErrorResponse>`;

test('credentials that are not taken any more are looked up anew', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'aws-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'credentials');
  const put = (key: string) =>
    writeFile(file, `[default]\naws_access_key_id = ${key}\naws_secret_access_key = example\n`);
  let valid = 'FIRST';
  const { api } = await answering(t, (request, response) => {
    const isValid = request.headers.authorization?.includes(`Credential=${valid}/`) === true;
    response.writeHead(isValid ? 200 : 403).end(isValid ? NO_ZONES : NOT_TAKEN);
  });
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']) delete process.env[name];
  Object.assign(process.env, {
    AWS_SHARED_CREDENTIALS_FILE: file,
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_EC2_METADATA_DISABLED: 'true',
  });
  const list = () => api.zonesNamed('example.com', abort);

  await put(valid);
  assert.deepEqual(await list(), []);
  valid = 'SECOND';
  await put(valid);
  await assert.rejects(list(), { kind: 'config', code: 'InvalidClientTokenId' });
  assert.deepEqual(await list(), []);
});
