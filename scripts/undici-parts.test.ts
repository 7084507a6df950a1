import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { UNDICI_PARTS } from './undici-parts.ts';

const ROOT = join(import.meta.dirname, '..');
const SHIPPED = '{contract,runtime,http,kubernetes,settings,dns,cnpg,notify,controller,webhook,sidecar,cli}';

test('the bundles have all of undici that the programs import', () => {
  const files = globSync(`${SHIPPED}/**/*.ts`, { cwd: ROOT }).filter(
    (file) => !/\.test\.ts$|\/testing\//.test(file),
  );
  const imported = files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const [, names = ''] = /^import \{([^}]*)\} from 'undici';/m.exec(text) ?? [];
    return names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type '));
  });
  assert.ok(imported.includes('Agent'));
  assert.deepEqual(
    imported.filter((name) => !(name in UNDICI_PARTS)),
    [],
  );
});
