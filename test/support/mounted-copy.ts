import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Data = Readonly<Record<string, string>>;

/** A ConfigMap volume, written as a kubelet writes it: each version in a folder of its own, then one link is moved. */
export class MountedCopy {
  readonly folder: string;
  #versions = 0;
  #current = '';

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Without `data` it is empty, as that of an optional ConfigMap that is not there. */
  static async create(data?: Data): Promise<MountedCopy> {
    const copy = new MountedCopy(await mkdtemp(join(tmpdir(), 'mounted-')));
    if (data !== undefined) await copy.write(data);
    return copy;
  }

  async write(data: Data): Promise<void> {
    const before = this.#current;
    this.#versions += 1;
    this.#current = `..version_${this.#versions}`;
    const at = (name: string) => join(this.folder, name);
    await mkdir(at(this.#current));
    for (const [key, value] of Object.entries(data)) await writeFile(join(at(this.#current), key), value);
    await symlink(this.#current, at('..data_tmp'));
    await rename(at('..data_tmp'), at('..data'));
    if (before === '') {
      for (const key of Object.keys(data)) await symlink(join('..data', key), at(key));
    } else await rm(at(before), { recursive: true });
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
