import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { parse } from 'yaml';
import { anyText } from '../../test/support/any-text.ts';
import { bold, fit, green, type Line, paragraph, print, widthOf, wrap } from './line.ts';
import { serialize } from './output.ts';
import { plain, plainJson } from './plain.ts';
import { type Column, table } from './table.ts';
import { ago, clockTime, duration } from './time.ts';

const shown = (lines: readonly Line[]) => print(lines, false).split('\n').slice(0, -1);
const HARMLESS = /^(?:[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\n)*$/u;

describe('text of others', () => {
  test('has no control left in it', () => {
    fc.assert(fc.property(anyText, (text) => /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]*$/u.test(plain(text))));
    assert.equal(
      plain('a\u001b[2Jb\u009bc\u202ed\r\n  e\u{e0041}'),
      'a\\x1b[2Jb\\x9bc\\u202ed e\\udb40\\udc41',
    );
    assert.equal(plain('  two  spaces  '), '  two  spaces  ');
    assert.equal(plain('Zürich 東京 ✓'), 'Zürich 東京 ✓');
  });

  test('is the same to programs, but escaped', async () => {
    const text = fc
      .string({ unit: 'grapheme' })
      .chain((safe) => fc.constantFrom(safe, `${safe}\u009b\u202e\u0000`));
    await fc.assert(
      fc.asyncProperty(fc.oneof(text, anyText), async (value) => {
        const view = {
          a: value.toWellFormed(),
          list: [value.toWellFormed()],
          [`k${value.toWellFormed()}`]: 1,
        };
        const json = await serialize(view, 'json');
        const yaml = await serialize(view, 'yaml');
        assert.deepEqual(JSON.parse(json), view);
        assert.deepEqual(parse(yaml), view);
        assert.match(json + yaml, HARMLESS);
      }),
    );
    assert.equal(plainJson('"\u009b"\n'), '"\\u009b"\n');
  });
});

describe('a line', () => {
  test('is coloured only where that is wanted', () => {
    assert.equal(print([[bold('a'), ' b']], true), '\u001b[1ma\u001b[22m b\n');
    assert.equal(print([[bold('a'), ' b']], false), 'a b\n');
  });

  test('is cut off with an ellipsis', () => {
    assert.deepEqual(shown([fit(['hello ', green('world')], 8)]), ['hello w…']);
    assert.deepEqual(shown([fit(['東京東京'], 6)]), ['東京…']);
    assert.deepEqual(shown([fit(['short'], 8)]), ['short']);
  });

  test('has the width that string-width says, also where it is not asked', () => {
    const ours = 'a z ~ … – ’ ✓ ✗ → · ▁ ▂ ▃ ▄ ▅ ▆ ▇ █'.split('');
    const text = fc.string({ unit: fc.oneof(fc.constantFrom(...ours), fc.constantFrom('東', 'é', '👍')) });
    fc.assert(fc.property(text, (value) => widthOf([value]) === stringWidth(plain(value))));
  });

  test('is wrapped between words, and within those that are too long', () => {
    assert.deepEqual(shown(wrap(['one two three'], 8)), ['one two', 'three']);
    assert.deepEqual(shown(wrap(['a-very-long-word and'], 6)), ['a-very', '-long-', 'word', 'and']);
    assert.deepEqual(shown(paragraph('* ', ['one two three'], 12)), ['* one two', '  three']);
  });

  test('never gets wider than it may, and loses nothing', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 20 })),
        fc.integer({ min: 2, max: 30 }),
        (texts, width) => {
          const lines = wrap(texts, width);
          for (const line of lines) assert.ok(widthOf([print([line], false).trimEnd()]) <= width);
          const letters = (parts: readonly Line[]) =>
            parts
              .flat()
              .map((part) => plain(typeof part === 'string' ? part : part.text))
              .join('')
              .replaceAll(/\s/g, '');
          assert.equal(letters(lines), letters([texts]));
          assert.ok(widthOf(fit(texts, width)) <= width);
        },
      ),
      // A separator of lines is a space to some, and is shown as `\u2028`.
      { examples: [[['\u2028'], 6]] },
    );
  });
});

describe('a table', () => {
  const columns: Column[] = [
    { title: 'NAME', shrink: { to: 6, by: 'cut' } },
    { title: 'N', align: 'right' },
    { title: 'SAYS', shrink: { to: 8, by: 'wrap' } },
    { title: 'EXTRA', drop: 1 },
  ];
  const rows = [
    [['web-frontend'], ['5'], ['it is not ready'], ['rarely']],
    [['db'], ['100'], [], ['needed']],
  ];

  test('has the width that it needs', () => {
    assert.deepEqual(shown(table(columns, rows, Number.POSITIVE_INFINITY)), [
      'NAME            N  SAYS             EXTRA',
      'web-frontend    5  it is not ready  rarely',
      'db            100                   needed',
    ]);
  });

  test('gives way where there is too little room, and leaves a column out last', () => {
    assert.deepEqual(shown(table(columns, rows, 35)), [
      'NAME          N  SAYS        EXTRA',
      'web-front…    5  it is not   rarely',
      '                 ready',
      'db          100              needed',
    ]);
    assert.deepEqual(shown(table(columns, rows, 24)), [
      'NAME        N  SAYS',
      'web-fro…    5  it is not',
      '               ready',
      'db        100',
    ]);
  });
});

describe('times', () => {
  test('are told by their two largest units', () => {
    const told = [
      0,
      40,
      1_234,
      12_000,
      60_000,
      250_000,
      3_600_000,
      12_345_000,
      90_000_000,
      -5_000,
      Number.NaN,
    ].map(duration);
    assert.deepEqual(told, [
      '0ms',
      '40ms',
      '1.2s',
      '12s',
      '1m',
      '4m10s',
      '1h',
      '3h25m',
      '1d1h',
      '-5.0s',
      '?',
    ]);
  });

  test('are told in UTC and relative to now', () => {
    assert.equal(clockTime('2026-11-25T03:04:05.678+01:00'), '2026-11-25 02:04:05Z');
    assert.equal(clockTime('yesterday'), 'yesterday');
    const now = Date.parse('2026-11-25T03:04:05Z');
    assert.deepEqual(
      [
        '2026-11-25T03:04:04.500Z',
        '2026-11-25T03:04:00.900Z',
        '2026-11-25T02:00:00Z',
        '2026-11-25T04:00:00Z',
        '',
        'x',
      ].map((time) => ago(time, now)),
      ['just now', '4s ago', '1h4m ago', 'just now', '?', '?'],
    );
  });
});
