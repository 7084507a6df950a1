import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ListedApi } from '../testing/listed-api.ts';
import { findSide } from './side.ts';

test('what one of two clusters lacks is said of its context', async () => {
  const session = { api: new ListedApi({}), contextNamespace: undefined };
  const wanted = { namespace: undefined, follower: undefined };
  await assert.rejects(findSide(session, 'west', wanted), {
    name: 'CommandError',
    outcome: 'unreachable',
    message: /^Context west: The controller is not installed in any namespace: /,
  });
});
