import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { GOLDEN_ENV, goldenCases, goldenFile, goldenNames } from '../../test/support/golden.ts';
import { runCli } from '../testing/terminal.ts';

interface Ran {
  readonly code: number;
  readonly output: string;
  readonly messages: string;
}

async function cli(command: 'inject' | 'uninject', input: string): Promise<Ran> {
  const { code, out, err } = await runCli([command, '-f', 'the file'], {
    env: GOLDEN_ENV,
    read: async () => input,
  });
  return { code, output: out, messages: err };
}

if (process.env.UPDATE_GOLDENS === '1') await update();

/** Writes what the program does now; a person reads the difference. */
async function update(): Promise<void> {
  const names = goldenNames('input');
  for (const part of ['expected', 'messages'] as const) {
    for (const name of goldenNames(part)) if (!names.includes(name)) rmSync(goldenFile(name, part));
  }
  for (const name of names) writeFileSync(goldenFile(name, 'messages'), '');
  for (const { name, input } of goldenCases()) {
    const { code, output, messages } = await cli('inject', input);
    writeFileSync(goldenFile(name, 'messages'), messages);
    if (code === 0) writeFileSync(goldenFile(name, 'expected'), output);
    else rmSync(goldenFile(name, 'expected'), { force: true });
  }
}

describe('the golden manifests', () => {
  test('are all still in use', () => {
    const names = goldenNames('input');
    assert.ok(names.length >= 30, 'the corpus was found');
    for (const part of ['expected', 'messages'] as const) {
      assert.deepEqual(
        goldenNames(part).filter((name) => !names.includes(name)),
        [],
      );
    }
  });

  for (const { name, input, expected, messages } of goldenCases()) {
    test(`${name} is injected as expected`, async () => {
      const ran = await cli('inject', input);
      assert.equal(ran.messages, messages);
      assert.equal(ran.code, expected === undefined ? 1 : 0);
      assert.equal(ran.output, expected ?? '');
    });

    if (expected === undefined) continue;
    test(`${name} is left alone at a second pass`, async () => {
      assert.equal((await cli('inject', expected)).output, expected);
    });
    test(`${name} is the same after injection and uninjection`, async () => {
      const { output } = await cli('uninject', expected);
      assert.equal(output, input);
    });
  }
});
