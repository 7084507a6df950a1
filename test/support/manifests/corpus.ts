import { SeededRandom } from '../random.ts';
import { drawHabit, Hand } from './hand.ts';
import { configMap, definition, job, list, pod, widget, workload } from './objects.ts';
import { PECULIAR } from './peculiar.ts';
import { words } from './scalars.ts';
import { sharing } from './sharing.ts';
import { plainTree, type TreeMap } from './tree.ts';

/** A file as it may be found anywhere, made from a seed. */
export interface ManifestFile {
  readonly name: string;
  readonly text: string;
  /** Whether kubectl takes it: it knows no directives. */
  readonly forKubectl: boolean;
  /** Whether PyYAML reads it as kubectl does. */
  readonly forPython: boolean;
}

const KINDS = [
  pod,
  pod,
  workload,
  workload,
  workload,
  job,
  configMap,
  definition,
  widget,
  list,
  sharing,
  sharing,
];

/** All in all more than `count`: those that no chance draws come besides. */
export function manifestCorpus(seed: string, count: number): ManifestFile[] {
  const drawn = Array.from({ length: count }, (_, index) =>
    drawFile(new SeededRandom(`${seed}/${index}`), `${seed}/${index}`),
  );
  return [...drawn, ...PECULIAR];
}

function drawFile(random: SeededRandom, name: string): ManifestFile {
  const objects = Array.from({ length: random.pick([1, 1, 2, 4]) }, () => random.pick(KINDS)(random));
  if (random.chance(0.2)) return { name, text: jsonFile(random, objects), forKubectl: true, forPython: true };
  const hasDirective = random.chance(0.05);
  const text = yamlFile(random, objects);
  const whole = hasDirective
    ? `%YAML 1.1\n# ${words(random, 1, 3)}\n---\n${text.replace(/^---[^\n]*\n/, '')}`
    : text;
  return { name, text: asSaved(random, whole), forKubectl: !hasDirective, forPython: true };
}

/** For YAML the separators of lines and paragraphs end lines, within quotes too. */
function json(object: TreeMap, unit: string | number): string {
  return JSON.stringify(plainTree(object), undefined, unit).replaceAll('\u2028', '\\u2028');
}

function jsonFile(random: SeededRandom, objects: readonly TreeMap[]): string {
  const unit = random.pick([0, 2, 4, '\t']);
  const separator = random.pick(['\n', '\n', '', '\n---\n', ' ']);
  const texts = objects.map((object) => json(object, unit));
  return texts.join(separator) + random.pick(['\n', '\n', '']);
}

function yamlFile(random: SeededRandom, objects: readonly TreeMap[]): string {
  const hand = new Hand(random, drawHabit(random));
  const isHelm = random.chance(0.3);
  const parts = objects.map((object, index) => {
    const body = random.chance(0.05) ? [json(object, random.pick([0, 2]))] : hand.map(object, 0);
    const marker =
      isHelm || index > 0 || random.chance(0.2) ? [`---${random.pick(['', '', '', ' ', ' # part'])}`] : [];
    const source = isHelm ? ['# Source: shop/templates/web.yaml'] : [];
    const end = random.chance(0.05) ? ['...'] : [];
    return [...marker, ...source, ...body, ...tail(random), ...end].join('\n');
  });
  return `${parts.join('\n')}\n`;
}

function tail(random: SeededRandom): string[] {
  return random.pick([[], [], [], [''], ['# the end'], ['', `  # ${words(random, 1, 3)}`], ['', '', '']]);
}

/** As editors and systems save a file. */
function asSaved(random: SeededRandom, text: string): string {
  // kubectl itself finds the documents of a file by "\n---" alone.
  const breaks = /^---/m.test(text) ? ['\r\n'] : ['\r\n', '\r\n', '\r', '\u0085'];
  const lines = random.chance(0.15) ? text.replaceAll('\n', random.pick(breaks)) : text;
  const ended = random.chance(0.15) ? lines.replace(/(?:\r?\n|\r|\u0085)$/, '') : lines;
  return (random.chance(0.05) ? '\ufeff' : '') + ended;
}
