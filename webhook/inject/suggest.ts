import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { shown } from '../../kubernetes/cut.ts';

export const PREFIX = LABELS.inject.slice(0, LABELS.inject.indexOf('/') + 1);
export const KNOWN: readonly string[] = Object.values(ANNOTATIONS).filter((name) => name.startsWith(PREFIX));

export const NO_LABEL = `${LABELS.inject} is an annotation here and has no effect: it has to be a label`;
export const unknownAnnotation = (name: string) => `annotation ${name} is not known and has no effect`;

/** A warning for each annotation with our prefix that has no effect. */
export function misspeltAnnotations(annotations: Readonly<Record<string, string>>): string[] {
  return Object.keys(annotations)
    .filter((name) => name.startsWith(PREFIX) && !KNOWN.includes(name))
    .map((name) => (name === LABELS.inject ? NO_LABEL : unknownAnnotation(shown(name))));
}
