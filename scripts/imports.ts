/** Who imports whom, type imports included, and what of that the layout of the code does not allow. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** By file, the files of the project that it imports; paths below the repository. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The folders, from the ground up: each imports from lower floors only, and never from another of its own floor. */
export const FLOORS: readonly (readonly string[])[] = [
  ['contract', 'runtime'],
  ['kubernetes', 'http', 'settings'],
  ['dns', 'cnpg', 'notify'],
  ['controller', 'webhook', 'sidecar'],
  ['cli'],
];

/** What a folder must not import though the floors would let it. */
const APART: Readonly<Record<string, readonly string[]>> = {
  // They run in every pod and before every pod: what they do not need could only fail there.
  webhook: ['dns', 'cnpg', 'notify'],
  sidecar: ['dns', 'cnpg', 'notify', 'settings'],
  // It reads what the controller has published, and never decides for it.
  cli: ['controller', 'sidecar'],
};

/** Whose folders know nothing of one another: a provider is added or taken away alone. */
const SEPARATE = ['dns/providers/'];

const IMPORT =
  /\b(?:import|export)\b[^;'"]*?\bfrom\s*'(\.[^']+)'|\bimport\(\s*'(\.[^']+)'\s*\)|\bimport\s*'(\.[^']+)'/g;

/** Of `files`, whose texts are read below `root`. */
export function importGraph(root: string, files: readonly string[]): ImportGraph {
  return new Map(files.map((file) => [file, importsOf(file, readFileSync(join(root, file), 'utf8'))]));
}

export function importsOf(file: string, text: string): readonly string[] {
  return [...text.matchAll(IMPORT)].map((match) =>
    join(dirname(file), match[1] ?? match[2] ?? match[3] ?? ''),
  );
}

/** One sentence for each import that goes up, or across a floor. */
export function forbiddenImports(graph: ImportGraph): readonly string[] {
  const problems: string[] = [];
  for (const [file, imports] of graph) {
    const from = roomOf(file);
    for (const imported of imports) {
      const to = roomOf(imported);
      if (areSeparate(file, imported))
        problems.push(`${file} imports ${imported}: neither may know of the other`);
      if (from === to || mayImport(from, to)) continue;
      problems.push(`${file} imports ${imported}: ${from} may not import ${to}`);
    }
  }
  return problems;
}

function areSeparate(file: string, imported: string): boolean {
  return SEPARATE.some((parent) => {
    const [from, to] = [file, imported].map((path) => path.startsWith(parent) && path.split('/')[2]);
    return from && to && from !== to;
  });
}

function mayImport(from: string, to: string): boolean {
  return floorOf(to) < floorOf(from) && APART[from]?.includes(to) !== true;
}

/** Above all where it is on none, such as `test`: nothing imports that. */
function floorOf(room: string): number {
  const floor = FLOORS.findIndex((rooms) => rooms.includes(room));
  return floor < 0 ? FLOORS.length : floor;
}

function roomOf(file: string): string {
  return file.split('/', 1)[0] ?? '';
}

/** Each circle as the files on it, in the order of their imports. At least one of those that a circle shares files with. */
export function circles(graph: ImportGraph): readonly (readonly string[])[] {
  const found: string[][] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string) => {
    const at = path.indexOf(file);
    if (at >= 0) found.push(path.slice(at));
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const imported of graph.get(file) ?? []) visit(imported);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return found;
}
