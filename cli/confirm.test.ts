import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isConfirmed, isTyped } from './confirm.ts';
import { recordingTerminal } from './testing/terminal.ts';

test('a question is asked without what a terminal takes for a command, and answered as it was', async () => {
  const asked: string[] = [];
  const terminal = recordingTerminal({
    interactive: true,
    ask: async (question) => {
      asked.push(question);
      return 'y';
    },
  });
  assert.equal(await isConfirmed(terminal, 'Move to \u001b]0;x\u0007\u202ewest?'), true);
  assert.equal(await isTyped(terminal, 'Lost.', 'y\u001b[2J'), false);
  assert.deepEqual(asked, ['Move to \\x1b]0;x\\x07\\u202ewest? [y/N] ', 'Lost. Type y\\x1b[2J to go on: ']);
});
