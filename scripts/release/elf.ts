/** What a program for Linux needs of the machine. Source: the ELF-64 object file format, and the System V ABI on its dynamic section. */

/** What every distribution with glibc has, the smallest images of Debian, Ubuntu and Red Hat included. */
const EVERYWHERE = /^(lib(c|m|dl|pthread)\.so\.\d|lib(gcc_s|stdc\+\+)\.so\.\d|ld-linux-[\w-]+\.so\.\d)$/;

const SECTION_BYTES = 64;
const ENTRY_BYTES = 16;
const DYNAMIC = 6;
const NEEDED = 1n;

/** Those of its shared libraries that a machine may lack, where it would not start. */
export function unusualLibraries(program: Buffer): readonly string[] {
  return sharedLibraries(program).filter((name) => !EVERYWHERE.test(name));
}

function sharedLibraries(program: Buffer): readonly string[] {
  const sections = sectionsOf(program);
  const dynamic = sections.find(({ type }) => type === DYNAMIC);
  const strings = sections[dynamic?.link ?? -1];
  if (dynamic === undefined || strings === undefined) return [];
  const names: string[] = [];
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += ENTRY_BYTES) {
    if (program.readBigUInt64LE(at) !== NEEDED) continue;
    const start = strings.offset + Number(program.readBigUInt64LE(at + 8));
    names.push(program.toString('utf8', start, program.indexOf(0, start)));
  }
  return names;
}

function sectionsOf(program: Buffer) {
  const isElf64 = program.toString('latin1', 0, 5) === '\x7fELF\x02';
  if (!isElf64) throw new Error('it is no program for Linux on 64 bits');
  const start = Number(program.readBigUInt64LE(0x28));
  return Array.from({ length: program.readUInt16LE(0x3c) }, (_, index) => {
    const at = start + index * SECTION_BYTES;
    return {
      type: program.readUInt32LE(at + 4),
      offset: Number(program.readBigUInt64LE(at + 24)),
      size: Number(program.readBigUInt64LE(at + 32)),
      link: program.readUInt32LE(at + 40),
    };
  });
}
