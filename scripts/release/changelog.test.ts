import assert from 'node:assert/strict';
import { test } from 'node:test';
import { notesOf, sectionsOf } from './changelog.ts';

const TEXT = `# Changelog

## [Unreleased]

### Added

- One thing,
  in two lines.

## [0.1.0] - 2030-01-01

### Fixed

- Another.
`;

test('a version that has a heading gets what stands below it, another one what is not released', () => {
  assert.equal(notesOf(TEXT, '0.1.0'), '### Fixed\n\n- Another.');
  assert.match(notesOf(TEXT, '0.2.0'), /^### Added\n\n- One thing/);
  assert.throws(() => notesOf('# Changelog\n', '0.2.0'), /CHANGELOG\.md has nothing about 0\.2\.0/);
});

test('each change is one line', () => {
  assert.deepEqual(sectionsOf(notesOf(TEXT, '0.2.0')), [
    { title: 'Added', items: ['One thing, in two lines.'] },
  ]);
});
