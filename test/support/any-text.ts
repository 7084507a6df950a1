import fc from 'fast-check';

const SURROGATES = { first: 0xd800, count: 0x800 };

/** Every character of Unicode. fast-check's own unit `binary` is the same, and lists all of them first, for a second. */
const character = fc.nat(0x10ffff - SURROGATES.count).map(
  (index) => String.fromCodePoint(index < SURROGATES.first ? index : index + SURROGATES.count),
  (text) => {
    const code = typeof text === 'string' ? text.codePointAt(0) : undefined;
    if (code === undefined || String.fromCodePoint(code) !== text) throw new Error('not one character');
    return code < SURROGATES.first ? code : code - SURROGATES.count;
  },
);

/** Text of any characters at all, control characters and unassigned ones too. */
export const anyText = fc.string({ unit: character });
