/** Archives that are the same whenever and wherever they are made: ustar, without owners, with one time for all. */
import { gzipSync } from 'node:zlib';

export interface Entry {
  /** With slashes, relative. At most 100 bytes behind at most 155 bytes of folders. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable?: boolean;
}

const BLOCK = 512;
const NAME_MAX = 100;
const PREFIX_MAX = 155;
/** In the header of gzip: the system that made it. Node writes its own. Source: RFC 1952. */
const OS_BYTE = 9;
const OS_UNKNOWN = 255;

export function tar(entries: readonly Entry[], seconds: number): Buffer {
  const parts = [...entries]
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .flatMap(({ path, content, executable = false }) => [
      header(path, content.length, executable ? 0o755 : 0o644, seconds),
      content,
      Buffer.alloc((BLOCK - (content.length % BLOCK)) % BLOCK),
    ]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

export function gzip(content: Uint8Array): Buffer {
  const packed = gzipSync(content, { level: 6 });
  packed[OS_BYTE] = OS_UNKNOWN;
  return packed;
}

/** Source: POSIX.1-1988, ustar. */
function header(path: string, size: number, mode: number, seconds: number): Buffer {
  const { name, prefix } = split(path);
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  block.write(name, 0);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  block.write(octal(size, 11), 124);
  block.write(octal(seconds, 11), 136);
  block.write(' '.repeat(8), 148);
  block.write('0', 156);
  block.write('ustar\0' + '00', 257);
  block.write(prefix, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}

function split(path: string): { readonly name: string; readonly prefix: string } {
  if (Buffer.byteLength(path) <= NAME_MAX) return { name: path, prefix: '' };
  for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(name) <= NAME_MAX && Buffer.byteLength(prefix) <= PREFIX_MAX)
      return { name, prefix };
  }
  throw new Error(`${path} is too long a name for an archive`);
}
