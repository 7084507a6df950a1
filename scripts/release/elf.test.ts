import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { unusualLibraries } from './elf.ts';

describe('what a program for Linux needs', { skip: process.platform !== 'linux' }, () => {
  test('the Node of this machine needs what every distribution has', () => {
    assert.deepEqual(unusualLibraries(readFileSync(process.execPath)), []);
  });

  test('a library that a machine may lack is found by its name', () => {
    const program = readFileSync(process.execPath);
    const at = program.indexOf('libdl.so.2\0');
    assert.notEqual(at, -1);
    program.write('libxy.so.2', at);
    assert.deepEqual(unusualLibraries(program), ['libxy.so.2']);
  });
});

test('what is no program is told so', () => {
  assert.throws(() => unusualLibraries(Buffer.from('#!/bin/sh\n')), /no program for Linux/);
});
