import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { COMMANDS } from '../commands/declarations.ts';
import { runCli } from '../testing/terminal.ts';

async function complete(...words: string[]): Promise<string[]> {
  const { code, out } = await runCli(['__complete', ...words]);
  assert.equal(code, 0);
  return out
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t')[0] ?? '');
}

describe('completion', () => {
  test('knows commands, options, and the values of both', async () => {
    assert.deepEqual((await complete('')).slice(0, Object.keys(COMMANDS).length), Object.keys(COMMANDS));
    assert.deepEqual(await complete('sw'), ['switchover', ':4']);
    assert.deepEqual(await complete('status', '--w'), ['--watch', ':4']);
    assert.deepEqual(await complete('status', '-w', '--w'), [':4'], 'said already');
    assert.deepEqual(await complete('status', '-o', 'y'), ['yaml', ':4']);
    assert.deepEqual(await complete('completion', ''), ['bash', 'zsh', 'fish', 'kubectl', ':4']);
    assert.deepEqual(await complete('inject', '-f', ''), [':0'], 'a file');
    assert.deepEqual(await complete('nothing', '-'), [':4']);
  });

  const folder = mkdtempSync(join(tmpdir(), 'completion-'));
  after(() => rmSync(folder, { recursive: true }));
  const main = new URL('../main.ts', import.meta.url).pathname;
  const program = join(folder, 'kubectl-site_follower');
  writeFileSync(program, `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`);
  chmodSync(program, 0o755);
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const script = async (shell: string) => (await runCli(['completion', shell])).out;

  test('works in bash', async () => {
    const ask = `${await script('bash')}\nCOMP_WORDS=(kubectl-site_follower status --); COMP_CWORD=2; _kubectl_site_follower; echo "\${COMPREPLY[*]}"`;
    assert.match(execFileSync('bash', ['-c', ask], { env, encoding: 'utf8' }), /--follower\n?.*--watch/s);
  });

  for (const [shell, ask] of [
    [
      'zsh',
      'autoload -U compinit && compinit -u -d SCRIPT.dump && source SCRIPT && which _kubectl_site_follower >/dev/null && echo ok',
    ],
    ['fish', 'source SCRIPT; complete -C "kubectl-site_follower hist"'],
  ] as const) {
    const isThere = spawnSync(shell, ['-c', 'true']).status === 0;
    test(`works in ${shell}`, { skip: isThere ? false : `${shell} is not installed` }, async () => {
      const file = join(folder, `script.${shell}`);
      writeFileSync(file, await script(shell));
      const out = execFileSync(shell, ['-c', ask.replaceAll('SCRIPT', file)], {
        env: { ...env, HOME: folder },
        encoding: 'utf8',
      });
      assert.match(out, /^(ok|history\t)/);
    });
  }

  test('works as kubectl calls it', async () => {
    const helper = join(folder, 'kubectl_complete-site_follower');
    writeFileSync(helper, await script('kubectl'));
    chmodSync(helper, 0o755);
    const out = execFileSync(helper, ['hist'], { env, encoding: 'utf8' });
    assert.match(out, /^history\t.*\n:4\n$/);
  });
});
