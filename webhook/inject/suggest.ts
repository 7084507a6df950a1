import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { shown } from '../../kubernetes/cut.ts';

const PREFIX = LABELS.inject.slice(0, LABELS.inject.indexOf('/') + 1);
const KNOWN: readonly string[] = Object.values(ANNOTATIONS).filter((name) => name.startsWith(PREFIX));

/** A warning for each annotation of ours that nothing reads. */
export function misspeltAnnotations(annotations: Readonly<Record<string, string>>): string[] {
  return Object.keys(annotations)
    .filter((name) => name.startsWith(PREFIX) && !KNOWN.includes(name))
    .map((name) =>
      name === LABELS.inject
        ? `${name} is an annotation here and has no effect: it has to be a label`
        : `annotation ${shown(name)} is not known and has no effect`,
    );
}
