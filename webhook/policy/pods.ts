/** Injects the sidecar into a new pod, as injectPod in inject/inject.ts. */
import { ANNOTATIONS, LABELS, PROGRAM } from '../../contract/names.ts';
import { ACTIVE_CONDITION } from '../../contract/routing.ts';
import { SIDECAR_CONTAINER } from '../../contract/sidecar.ts';
import { deniedMessage } from '../admission.ts';
import { INJECTED } from '../inject/decision.ts';
import { FROM_NAMESPACE } from '../inject/label.ts';
import { REWRITTEN } from '../inject/mesh.ts';
import { IS_INJECTED, MATCH_CONDITIONS } from '../match-conditions.ts';
import { inserted, literal, textOf } from './cel.ts';
import { IS_FOLLOWED } from './followed.ts';
import { insertItems, replaceEntries, setEntries } from './patch.ts';
import type { PolicyRules, Variable } from './rules.ts';
import { SETTINGS_VARIABLES } from './settings.ts';
import { SIDECAR, SIDECAR_PROBES, VOLUMES } from './sidecar.ts';

const GATE = `{'conditionType': ${literal(ACTIVE_CONDITION)}}`;
const entry = (key: string, condition: string, value: string) =>
  `?${literal(key)}: ${condition} ? optional.of(${value}) : optional.none()`;

/** Kubernetes' CEL has no function for the indexes of a list. */
const PLACES = Array.from({ length: 64 }, (_, index) => index);

const VARIABLES: readonly Variable[] = [
  ...SETTINGS_VARIABLES,
  { name: 'isInjected', expression: IS_INJECTED },
  { name: 'isFollowed', expression: IS_FOLLOWED },
  { name: 'isOfNamespace', expression: `!object.metadata.?labels[?'${LABELS.inject}'].hasValue()` },
  { name: 'isGated', expression: `variables.gate == 'condition'` },
  {
    name: 'hasGate',
    expression: `object.spec.?readinessGates.orValue([]).exists(g, g.conditionType == '${ACTIVE_CONDITION}')`,
  },
  {
    // As findKept in inject/kept.ts.
    name: 'kept',
    expression: `!variables.isGated ? [] : (object.metadata.?labels[?'${LABELS.gate}'].orValue('') == 'condition' ? ['label'] : []) + (variables.hasGate ? ['readiness-gate'] : [])`,
  },
  {
    name: 'labels',
    expression: `{${entry(LABELS.inject, 'variables.isOfNamespace', "'true'")}, ${entry(LABELS.gate, 'variables.isGated', "'condition'")}}`,
  },
  {
    name: 'marks',
    expression: `{${literal(ANNOTATIONS.status)}: ${literal(INJECTED)}, ${entry(ANNOTATIONS.carriedLabel, 'variables.isOfNamespace', literal(FROM_NAMESPACE))}, ${entry(ANNOTATIONS.kept, 'variables.kept.size() > 0', "variables.kept.join(',')")}}`,
  },
  { name: 'sidecar', expression: SIDECAR },
  { name: 'volumes', expression: VOLUMES },
  { name: 'probes', expression: SIDECAR_PROBES },
  {
    name: 'place',
    expression: `[${PLACES.join(', ')}].filter(n, n < object.spec.initContainers.size() && object.spec.initContainers[n].name == '${SIDECAR_CONTAINER}')[0]`,
  },
];

const INJECTION = [
  setEntries('object.metadata.labels', 'variables.labels'),
  setEntries('object.metadata.annotations', 'variables.marks'),
  insertItems('object.spec.initContainers', 'first', '[variables.sidecar]'),
  insertItems('object.spec.volumes', 'last', 'variables.volumes'),
  `(variables.isGated && !variables.hasGate ? ${insertItems('object.spec.readinessGates', 'last', `[${GATE}]`)} : [])`,
].join(' + ');

/** As restoredProbes in inject/mesh.ts: the only reason for which a pod with the sidecar is matched. */
const RESTORED = replaceEntries(
  `'/spec/initContainers/' + string(variables.place)`,
  'variables.probes',
  `object.spec.initContainers[variables.place][?k].?httpGet.?path.orValue('').startsWith('${REWRITTEN}')`,
);

const NOT_RUN = `the MutatingAdmissionPolicy that injects the sidecar of ${PROGRAM} has not changed this pod; see whether it and its bindings are there, or install the chart again`;

export const PODS: PolicyRules = {
  matchConditions: MATCH_CONDITIONS.pods,
  variables: VARIABLES,
  mutation: `variables.isInjected ? ${RESTORED} : variables.isFollowed || variables.problems.size() > 0 ? [] : ${INJECTION}`,
  action: 'Deny',
  validations: [
    {
      expression: 'variables.isInjected || variables.isFollowed',
      message: `variables.problems.size() > 0 ? ${textOf(deniedMessage([inserted("variables.problems.join('; ')")]))} : ${literal(NOT_RUN)}`,
    },
  ],
};
