/**
 * What macOS wants of a program. On arm64 it kills one whose signature is missing or does not fit at its start.
 * Source: mach-o/loader.h and, for the signature, osfmk/kern/cs_blobs.h of XNU.
 */
import { createHash } from 'node:crypto';

const MAGIC_64 = 0xfeedfacf;
const HEADER_BYTES = 32;
const LC_CODE_SIGNATURE = 0x1d;
const LC_BUILD_VERSION = 0x32;
const SUPER_BLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const SHA256 = 2;
const SHA256_BYTES = 32;

export interface MacProgram {
  /** Of macOS, such as 13.5. */
  readonly minimum: string;
  /** Why its signature would be refused; a signature that is whole gives none. */
  readonly unsigned: string | undefined;
}

export function macProgram(program: Buffer): MacProgram {
  const isMachO = program.length >= HEADER_BYTES && program.readUInt32LE(0) === MAGIC_64;
  if (!isMachO) throw new Error('it is no program for macOS on 64 bits');
  const commands = commandsOf(program);
  const build = commands.get(LC_BUILD_VERSION);
  const signature = commands.get(LC_CODE_SIGNATURE);
  return {
    minimum: build === undefined ? 'unknown' : versionAt(program, build + 12),
    unsigned: signature === undefined ? 'it has no signature' : unfit(program, signature),
  };
}

/** Where each is, by its kind. */
function commandsOf(program: Buffer): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  let at = HEADER_BYTES;
  for (let left = program.readUInt32LE(16); left > 0; left--) {
    found.set(program.readUInt32LE(at), at);
    at += program.readUInt32LE(at + 4);
  }
  return found;
}

function versionAt(program: Buffer, at: number): string {
  return `${program.readUInt16LE(at + 2)}.${program.readUInt8(at + 1)}`;
}

/** The signature is big-endian, whatever the program is. */
function unfit(program: Buffer, command: number): string | undefined {
  const start = program.readUInt32LE(command + 8);
  const signature = program.subarray(start, start + program.readUInt32LE(command + 12));
  if (signature.readUInt32BE(0) !== SUPER_BLOB) return 'its signature cannot be read';
  const blobs = Array.from({ length: signature.readUInt32BE(8) }, (_, index) =>
    signature.readUInt32BE(16 + 8 * index),
  );
  const at = blobs.find((blob) => signature.readUInt32BE(blob) === CODE_DIRECTORY);
  if (at === undefined || signature.readUInt8(at + 37) !== SHA256) return 'its signature has no SHA-256';
  const hashes = at + signature.readUInt32BE(at + 16);
  const end = signature.readUInt32BE(at + 32);
  if (end !== start) return 'its signature is not of all of it';
  const page = 2 ** signature.readUInt8(at + 39);
  const digest = (from: number) =>
    createHash('sha256')
      .update(program.subarray(from, Math.min(from + page, end)))
      .digest();
  for (let index = 0; index < signature.readUInt32BE(at + 28); index++) {
    const own = hashes + index * SHA256_BYTES;
    if (!digest(index * page).equals(signature.subarray(own, own + SHA256_BYTES)))
      return `its signature does not fit its page ${index}`;
  }
  return undefined;
}
