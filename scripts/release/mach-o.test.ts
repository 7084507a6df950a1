import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { macProgram } from './mach-o.ts';

const PAGE = 4_096;
const CODE_BYTES = 2 * PAGE + 100;
const DIRECTORY_AT = 20;
const HASHES_AT = 88;

/** A program of three pages with a directory of their hashes behind them, as codesign leaves it. */
function signedProgram(): Buffer {
  const code = Buffer.alloc(CODE_BYTES);
  const pages = Math.ceil(CODE_BYTES / PAGE);
  const signature = Buffer.alloc(DIRECTORY_AT + HASHES_AT + pages * 32);
  const words = (to: Buffer, at: number, values: readonly number[], isBig: boolean) => {
    for (const [index, value] of values.entries())
      if (isBig) to.writeUInt32BE(value, at + 4 * index);
      else to.writeUInt32LE(value, at + 4 * index);
  };
  words(code, 0, [0xfeedfacf, 0x0100000c, 0, 2, 2, 40, 0, 0], false);
  words(code, 32, [0x32, 24, 1, (13 << 16) | (5 << 8), 0, 0], false);
  words(code, 56, [0x1d, 16, CODE_BYTES, signature.length], false);
  words(signature, 0, [0xfade0cc0, signature.length, 1, 0, DIRECTORY_AT], true);
  const length = signature.length - DIRECTORY_AT;
  words(signature, DIRECTORY_AT, [0xfade0c02, length, 0x20400, 0, HASHES_AT, 0, 0, pages, CODE_BYTES], true);
  signature.set([32, 2, 0, 12], DIRECTORY_AT + 36);
  for (let page = 0; page < pages; page++) {
    const hash = createHash('sha256')
      .update(code.subarray(page * PAGE, (page + 1) * PAGE))
      .digest();
    signature.set(hash, DIRECTORY_AT + HASHES_AT + page * 32);
  }
  return Buffer.concat([code, signature]);
}

test('a program whose signature fits is told so, and from which macOS on it runs', () => {
  assert.deepEqual(macProgram(signedProgram()), { minimum: '13.5', unsigned: undefined });
});

test('one that was changed after it was signed is found', () => {
  const program = signedProgram();
  program.writeUInt8(1, 2 * PAGE + 50);
  assert.equal(macProgram(program).unsigned, 'its signature does not fit its page 2');
});

test('so is one without a signature, and one to which something was added before its signature', () => {
  const without = signedProgram();
  without.writeUInt32LE(0x2a, 56);
  assert.equal(macProgram(without).unsigned, 'it has no signature');
  const longer = signedProgram();
  longer.writeUInt32LE(CODE_BYTES - 4, 64);
  assert.equal(macProgram(longer).unsigned, 'its signature cannot be read');
  const shorter = signedProgram();
  shorter.writeUInt32BE(CODE_BYTES - 4, CODE_BYTES + DIRECTORY_AT + 32);
  assert.equal(macProgram(shorter).unsigned, 'its signature is not of all of it');
});

test('what is no program is told so', () => {
  assert.throws(() => macProgram(Buffer.from('#!/bin/sh\n')), /no program for macOS/);
});
