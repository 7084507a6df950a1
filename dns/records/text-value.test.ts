import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainText, quotedText, writtenTexts } from './text-value.ts';

test('a text is the same, however it is written', () => {
  for (const written of ['one text', '"one text"', '"one " "text"', '"one "\t"text"', '"o\\ne text"']) {
    assert.equal(plainText(written), 'one text');
  }
  assert.equal(plainText('"a \\"b\\" \\\\ c"'), 'a "b" \\ c');
  assert.equal(plainText('"caf\\303\\251"'), 'caf\\303\\251');
});

test('what is quoted is read as it was', () => {
  for (const text of ['', 'plain', 'a "b" \\ c', 'heritage=external-dns,external-dns/owner=here']) {
    assert.equal(plainText(quotedText(text)), text);
  }
});

test('texts of others keep their form', () => {
  const others = ['"in " "parts"', 'bare', '"caf\\303\\251"'];
  assert.deepEqual(writtenTexts(['new', ...others.map(plainText)], others), ['"new"', ...others]);
});
