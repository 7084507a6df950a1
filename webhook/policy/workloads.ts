/** Carries the inject label of a workload to its pod template, as carryLabel in inject/workload.ts. */
import { ANNOTATIONS, LABELS } from '../../contract/names.ts';
import { LACKS_ITS_LABEL, NOT_DELETED, SAYS } from '../match-conditions.ts';
import { literal } from './cel.ts';
import { makeMap, removeEntry, setEntries } from './patch.ts';
import type { PolicyRules } from './rules.ts';

const METADATA = 'object.spec.template.metadata';

/** Removes a carried label, or adds it with the annotation that distinguishes it from one of the user's. */
const CHANGE = `variables.says == '' ? ${[
  removeEntry(`${METADATA}.labels`, LABELS.inject),
  removeEntry(`${METADATA}.annotations`, ANNOTATIONS.carriedLabel),
].join(' + ')} : ${[
  makeMap(METADATA),
  setEntries(`${METADATA}.labels`, 'variables.labels'),
  setEntries(`${METADATA}.annotations`, 'variables.marks'),
].join(' + ')}`;

export const WORKLOADS: PolicyRules = {
  matchConditions: [NOT_DELETED, { name: 'template-differs', expression: LACKS_ITS_LABEL }],
  variables: [
    { name: 'says', expression: SAYS },
    { name: 'labels', expression: `{${literal(LABELS.inject)}: variables.says}` },
    { name: 'marks', expression: `{${literal(ANNOTATIONS.carriedLabel)}: variables.says}` },
  ],
  mutation: CHANGE,
};
