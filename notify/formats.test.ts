import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORMATS } from './formats.ts';
import type { Notification } from './notifications.ts';

const MOVED: Notification = {
  id: 'msg_1',
  kind: 'site-changed',
  time: '2026-01-01T00:00:00.000Z',
  data: {
    follower: 'default',
    epoch: 8,
    activeSite: 'eu-west',
    previousSite: 'us-east',
    activeNode: 'node-eu-1',
    primary: 'pg-cluster-2',
    phase: 'Settled',
    reason: '',
  },
};

function textOf(
  preset: 'slack' | 'discord',
  changes: Partial<Notification['data']> = {},
  kind = MOVED.kind,
): string {
  const message = FORMATS[preset].format({ ...MOVED, kind, data: { ...MOVED.data, ...changes } }, '') as {
    text?: string;
    content?: string;
  };
  return message.text ?? message.content ?? '';
}

test('Slack gets a line to read at a glance and one with the details', () => {
  assert.deepEqual(textOf('slack').split('\n'), [
    '*Active site: eu-west (was us-east)*',
    'pg-cluster-2 on node-eu-1 · epoch 8 · follower default · 2026-01-01T00:00:00.000Z',
  ]);
  assert.equal(textOf('slack', { previousSite: '' }).split('\n')[0], '*Active site: eu-west*');
  assert.deepEqual(textOf('slack', { reason: 'PodNotFound: gone' }, 'held').split('\n').slice(0, 2), [
    '*No answer for a minute: eu-west stays active*',
    'PodNotFound: gone',
  ]);
});

test('a name calls nobody and makes no link', () => {
  const evil = '<!channel> <https://evil.example|click> @everyone & **bold** [x](https://evil.example)';
  assert.doesNotMatch(textOf('slack', { primary: evil, reason: evil }), /<|>/);
  const discord = textOf('discord', { primary: evil, reason: evil });
  assert.doesNotMatch(discord, /(?<!\\)[<[\]@]|https:/);
  const { allowed_mentions } = FORMATS.discord.format(MOVED, '') as { allowed_mentions?: unknown };
  assert.deepEqual(allowed_mentions, { parse: [] });
});

test('a name makes no line of its own, and no text that runs the other way', () => {
  const evil = 'pg-1\n*Active site: us-east*\r\u2028x\u202ey\u001b[2J\u{e0041}\t z';
  for (const preset of ['slack', 'discord'] as const) {
    const lines = textOf(preset, { primary: evil, activeNode: evil, reason: evil }, 'held').split('\n');
    assert.equal(lines.length, 3);
    for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  }
});

test('the longest message fits Discord’s 2,000 characters', () => {
  const long = { reason: '*'.repeat(401), primary: 'p'.repeat(253), activeNode: 'n'.repeat(253) };
  assert.ok(textOf('discord', long).length <= 2_000);
});
