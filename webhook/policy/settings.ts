/** Reads the settings of a pod from its annotations in CEL, as inject/settings.ts. */
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { ELLIPSIS_BYTES, LONGEST_SHOWN } from '../../kubernetes/cut.ts';
import { CONFLICTS } from '../inject/conflicts.ts';
import { STATUS_VOLUME, TOKEN_VOLUME } from '../inject/container.ts';
import { invalidLabel } from '../inject/decision.ts';
import { FIELDS, type Field, PROBLEMS, QUANTITIES } from '../inject/settings.ts';
import { all, inserted, listOf, literal, textOf } from './cel.ts';
import type { Variable } from './rules.ts';

const annotationOf = (name: string) => `variables.annotations[${literal(name)}]`;
const isThere = (name: string) => `${literal(name)} in variables.annotations`;

/** As shown in kubernetes/cut.ts. */
export const shownText = (text: string) =>
  `${text}.size() > ${LONGEST_SHOWN} ? ${text}.substring(0, ${LONGEST_SHOWN - ELLIPSIS_BYTES}) + '…' : ${text}`;
const quoted = (text: string) => `strings.quote(${shownText(text)})`;

const FALLBACKS: Readonly<Record<keyof typeof QUANTITIES, string>> = {
  cpuRequest: 'usualCpuRequest',
  cpuLimit: 'usualCpuLimit',
  memoryRequest: 'usualMemoryRequest',
  memoryLimit: 'usualMemoryLimit',
};

/** A list of the problem of an annotation, or of none. */
function problemOf<T>({ annotation, format }: Field<T>): string {
  const text = annotationOf(annotation);
  const rules = format.rules.reduceRight((rest, { cel, wanted }) => {
    const problem = textOf(PROBLEMS.annotation(annotation, inserted(quoted(text)), wanted));
    return `(${cel(text)} ? ${rest} : [${problem}])`;
  }, '[]');
  return `(${isThere(annotation)} ? ${rules} : [])`;
}

/** The value of an annotation, or `fallback` if it is absent or invalid. */
function valueOfField<T>({ annotation, format }: Field<T>, fallback: string): string {
  const text = annotationOf(annotation);
  const isSound = all(isThere(annotation), ...format.rules.map(({ cel }) => cel(text)));
  return `${isSound} ? ${format.cel(text)} : ${fallback}`;
}

function constant(value: string | number | undefined): string {
  return typeof value === 'number' ? String(value) : literal(value ?? '');
}

const fields = Object.entries(FIELDS).map(([name, field]) => ({
  name,
  expression: valueOfField<string | number>(field as Field<string | number>, constant(field.fallback)),
}));

/** With pod-level resources the containers share those. */
const quantities = Object.entries(QUANTITIES).map(([name, field]) => {
  const usual = FALLBACKS[name as keyof typeof QUANTITIES];
  return {
    name,
    expression: valueOfField(field, `(has(object.spec.resources) ? '' : variables.${usual})`),
  };
});

const exceeds = (high: string, low: string) =>
  `variables.${high} != '' && variables.${low} != '' && quantity(variables.${high}).compareTo(quantity(variables.${low})) > 0`;
const value = (name: string) => inserted(`variables.${name}`);
const listed = (condition: string, text: string) => `(${condition} ? [${textOf(text)}] : [])`;

const MISFITS = [
  listed('variables.port == variables.probePort', PROBLEMS.ports(inserted('string(variables.port)'))),
  listed(exceeds('cpuRequest', 'cpuLimit'), PROBLEMS.cpu(value('cpuRequest'), value('cpuLimit'))),
  listed(
    exceeds('memoryRequest', 'memoryLimit'),
    PROBLEMS.memory(value('memoryRequest'), value('memoryLimit')),
  ),
].join(' + ');

/** As findConflicts in inject/conflicts.ts. */
const volumes = `${listOf([TOKEN_VOLUME, STATUS_VOLUME])}.filter(n, object.spec.?volumes.orValue([]).exists(v, v.name == n))`;
const holders = (port: string) =>
  `variables.containers.filter(c, c.?ports.orValue([]).exists(p, p.containerPort == ${port} && p.?protocol.orValue('TCP') == 'TCP'))`;
const portConflict = (name: 'port' | 'probePort') => {
  const found = holders(`variables.${name}`);
  const text = CONFLICTS.port(
    inserted(`string(variables.${name})`),
    inserted(`${found}[0].name`),
    ANNOTATIONS[name],
  );
  return listed(`${found}.size() > 0`, text);
};
const FOUND = [
  `variables.containers.filter(c, c.name == ${literal(SIDECAR_CONTAINER)}).map(c, ${textOf(CONFLICTS.container)})`,
  `${volumes}.map(n, ${textOf(CONFLICTS.volume(inserted('n')))})`,
  portConflict('port'),
  portConflict('probePort'),
].join(' + ');

const label = `object.metadata.?labels[?'${LABELS.inject}'].orValue('true')`;

/** Each may use those before it. */
export const SETTINGS_VARIABLES: readonly Variable[] = [
  { name: 'annotations', expression: 'object.metadata.?annotations.orValue({})' },
  {
    name: 'containers',
    expression: 'object.spec.?initContainers.orValue([]) + object.spec.containers',
  },
  ...fields,
  ...quantities,
  {
    name: 'annotationProblems',
    expression: [...Object.values(FIELDS), ...Object.values(QUANTITIES)]
      .map((field) => problemOf<string | number>(field as Field<string | number>))
      .join(' + '),
  },
  { name: 'misfits', expression: `variables.annotationProblems.size() > 0 ? [] : ${MISFITS}` },
  { name: 'conflicts', expression: FOUND },
  {
    name: 'problems',
    expression: `${label} in ['true', 'false'] ? variables.annotationProblems + variables.misfits + variables.conflicts : [${textOf(
      invalidLabel(inserted(label)),
    )}]`,
  },
];
