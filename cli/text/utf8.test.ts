import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeUtf8 } from './utf8.ts';

describe('a file', () => {
  test('is read to the letter', () => {
    const text = '\ufeffa: Zürich 😀\r\n';
    assert.equal(decodeUtf8(Buffer.from(text)), text);
  });

  for (const encoding of ['latin1', 'utf16le'] as const) {
    test(`is refused rather than changed where it is ${encoding}`, () => {
      assert.throws(() => decodeUtf8(Buffer.from('\ufeffZürich', encoding)), /no text in UTF-8: .*iconv/);
    });
  }
});
