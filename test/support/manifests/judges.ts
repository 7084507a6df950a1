/** How others read manifests: kubectl itself, and PyYAML. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { run } from '../binaries/command.ts';
import { findPythonPrograms } from '../binaries/python.ts';
import { findTools } from '../tools.ts';

/** The objects of each text, those of Lists one by one. */
export type Judge = (texts: readonly string[]) => Promise<unknown[][]>;

const LIMIT_MS = 120_000;
const MARKER = 'the-file-ends-here';
const END = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: MARKER } });

export const readWithKubectl: Judge = async (texts) => {
  const { kubectl } = await findTools();
  const folder = await mkdtemp(join(tmpdir(), 'manifests-'));
  try {
    for (const [index, text] of texts.entries()) {
      const name = String(index).padStart(5, '0');
      await writeFile(join(folder, `${name}-0.yaml`), text);
      await writeFile(join(folder, `${name}-1.yaml`), END);
    }
    // A patch of nothing: what is printed is what was read.
    const args = ['patch', '--local', '--type=merge', '--patch={}', '--output=json', '-f', folder];
    const env = { HOME: folder, KUBECONFIG: join(folder, 'none') };
    return byFile(await run(kubectl, args, { env, abort: AbortSignal.timeout(LIMIT_MS) }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

function byFile(output: string): unknown[][] {
  const files: unknown[][] = [[]];
  for (const text of output.split(/(?<=^})\n/m).filter((part) => part.trim() !== '')) {
    const object = JSON.parse(text) as { metadata?: { name?: string } };
    if (object.metadata?.name === MARKER) files.push([]);
    else files.at(-1)?.push(object);
  }
  return files.slice(0, -1);
}

export const readWithPython: Judge = async (texts) => {
  const bin = await findPythonPrograms('pyyaml', join(import.meta.dirname, 'requirements.txt'));
  const python = spawn(join(bin, 'python'), [join(import.meta.dirname, 'read.py')], { timeout: LIMIT_MS });
  python.stdin.end(JSON.stringify(texts));
  const [output, errors, [code]] = await Promise.all([
    textOf(python.stdout),
    textOf(python.stderr),
    once(python, 'close') as Promise<[number | null]>,
  ]);
  if (code !== 0) throw new Error(`read.py ended with ${code}:\n${errors}`);
  return (JSON.parse(output) as unknown[][]).map((objects) => objects.flatMap(itemsOf));
};

/** An object, or those of a List. */
export function itemsOf(object: unknown): unknown[] {
  const { kind, items } = object as { kind?: string; items?: unknown[] };
  return kind === 'List' && items !== undefined ? items.flatMap(itemsOf) : [object];
}
