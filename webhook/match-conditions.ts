/**
 * The match conditions of the webhook configuration, in CEL. Only entries whose objects have to be changed may fail a
 * request; those that can only cause a warning have failurePolicy Ignore. An expression that fails refuses the request,
 * so fields that may be absent are selected with `?`. Optional types exist since Kubernetes 1.29
 * (apiserver/pkg/cel/environment/base.go), the oldest version that is supported.
 */
import { ANNOTATIONS, DEFAULT_FOLLOWER, LABELS, PROGRAM } from '../contract/names.ts';
import { siteLabel } from '../contract/routing.ts';
import { SIDECAR_CONTAINER, SIDECAR_ENV } from '../contract/sidecar.ts';
import { isDatabaseMember, isDatabaseService } from './database-conditions.ts';
import { STATUS_VOLUME, TOKEN_VOLUME } from './inject/container.ts';
import { INJECTED, MIRROR } from './inject/decision.ts';
import { FROM_NAMESPACE } from './inject/label.ts';
import { ISTIO_PROXY, REWRITTEN } from './inject/mesh.ts';
import { IS_FOR_WINDOWS } from './inject/windows.ts';
import { all, any, not } from './policy/cel.ts';

export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/** All have to be true. */
type Conditions = readonly MatchCondition[];

const allOf = (conditions: Conditions) => all(...conditions.map(({ expression }) => expression));

/** '' when absent. */
const label = (object: string, name: string) => `${object}.?metadata.?labels[?'${name}'].orValue('')`;
const annotation = (object: string, name: string) =>
  `${object}.?metadata.?annotations[?'${name}'].orValue('')`;
/** There is no oldObject then: to be checked first, as `||` evaluates no further. */
const isNew = `request.operation == 'CREATE'`;
const isChanged = (field: string, none: string) =>
  `object.?${field}.orValue(${none}) != oldObject.?${field}.orValue(${none})`;

export const NOT_DELETED: MatchCondition = {
  name: 'not-deleted',
  expression: '!has(object.metadata.deletionTimestamp)',
};

/** False for pods that are skipped with a warning: see inject/decision.ts. */
export const SKIPPED = [
  { name: 'not-on-the-host-network', expression: `!object.spec.?hostNetwork.orValue(false)` },
  { name: 'not-for-windows', expression: not(IS_FOR_WINDOWS) },
  { name: 'no-database', expression: not(isDatabaseMember('object')) },
  { name: 'not-static', expression: `!object.metadata.?annotations[?'${MIRROR}'].hasValue()` },
] as const satisfies Conditions;

/** As isInjected and isCopyWithoutSidecar in inject/decision.ts. */
const isNamed = `c.name == '${SIDECAR_CONTAINER}'`;
const isOurs = any(
  `${annotation('object', ANNOTATIONS.status)} == '${INJECTED}'`,
  `c.?env.orValue([]).exists(e, e.name == '${SIDECAR_ENV.configMap}')`,
);
const inInit = (one: string) => `object.spec.?initContainers.orValue([]).exists(c, ${one})`;
export const IS_INJECTED = inInit(all(isNamed, isOurs));
const hasVolume = (name: string) => `object.spec.?volumes.orValue([]).exists(v, v.name == '${name}')`;
/** As restoredProbes in inject/mesh.ts. */
const isRewritten = `c.?startupProbe.?httpGet.?path.orValue('').startsWith('${REWRITTEN}')`;
const startsLater = `object.spec.containers.exists(d, d.name == '${ISTIO_PROXY}')`;
const NOT_INJECTED: MatchCondition = {
  name: 'not-injected',
  expression: not(
    any(
      inInit(all(isNamed, isOurs, not(all(isRewritten, startsLater)))),
      all(not(inInit(isNamed)), hasVolume(TOKEN_VOLUME), hasVolume(STATUS_VOLUME)),
    ),
  ),
};

const PODS: Conditions = [...SKIPPED, NOT_INJECTED];
const PODS_LEFT: Conditions = [{ name: 'left-alone', expression: not(allOf(SKIPPED)) }, NOT_INJECTED];

/** As carryLabel in inject/workload.ts: the label of a workload, that of its template, and who put the latter there. */
const says = (object: string) => label(object, LABELS.inject);
const template = (object: string) => `${object}.spec.template`;
const templateSays = (object: string) => label(template(object), LABELS.inject);
const carried = (object: string) => annotation(template(object), ANNOTATIONS.carriedLabel);
const isOwn = (object: string) => `${object}.spec.?selector.?matchLabels[?'${LABELS.inject}'].hasValue()`;

/** The workload asks for the sidecar and its template does not. */
const lacks = (object: string) =>
  all(
    `${says(object)} == 'true'`,
    `${templateSays(object)} != 'true'`,
    any(`${templateSays(object)} == ''`, `${templateSays(object)} == ${carried(object)}`),
    not(isOwn(object)),
    not(isDatabaseMember(template(object), object)),
  );
/** The workload and its template differ, and the template's label is not the user's own. */
const differs = all(
  `${says('object')} in ['', 'true', 'false']`,
  `${says('object')} != ${templateSays('object')}`,
  any(
    `${templateSays('object')} == ''`,
    `${templateSays('object')} == ${carried('object')}`,
    all(`${carried('object')} == '${FROM_NAMESPACE}'`, `${says('object')} != ''`),
  ),
  not(isOwn('object')),
);
/** The label of a workload, and whether carryLabel would change its template. */
export const SAYS = says('object');
export const LACKS_ITS_LABEL = all(
  differs,
  any(
    all(`${SAYS} == ''`, `!object.metadata.?labels[?'${LABELS.inject}'].hasValue()`),
    all(`${SAYS} != ''`, not(isDatabaseMember(template('object'), 'object'))),
  ),
);
/** A workload that lacked the label before this write too is mended only if the webhook answers. */
const asksAnew = all(lacks('object'), any(isNew, not(lacks('oldObject'))));
const isLabelled = any(`${says('object')} != ''`, all(not(isNew), `${says('oldObject')} != ''`));
const isJudgedAnew = any(isNew, isChanged('spec', '{}'), `${says('object')} != ${says('oldObject')}`);

const WORKLOADS: Conditions = [NOT_DELETED, { name: 'asks-anew', expression: asksAnew }];
const WORKLOADS_LEFT: Conditions = [
  NOT_DELETED,
  { name: 'asks-nothing-new', expression: not(asksAnew) },
  { name: 'has-a-word-for', expression: any(differs, all(isLabelled, isJudgedAnew)) },
];

/** The controller has to move Services even while no webhook answers, as when a site with both of them is lost. */
const NOT_BY_CONTROLLER: MatchCondition = {
  name: 'not-by-the-controller',
  expression: `request.?options.?fieldManager.orValue('') != '${PROGRAM}'`,
};

const follows = (object: string) => `${label(object, LABELS.follow)} == 'true'`;
const selector = (object: string) => `${object}.spec.?selector.orValue({})`;
const SITE = siteLabel(DEFAULT_FOLLOWER);
const isSite = (key: string) => any(`${key} == '${SITE}'`, `${key}.startsWith('${SITE}-')`);
/** `one` selects a site that `other` does not. */
const differsIn = (one: string, other: string) =>
  `${selector(one)}.exists(k, ${all(isSite('k'), `${selector(one)}[k] != ${selector(other)}[?k].orValue('')`)})`;
const epoch = (object: string) => annotation(object, ANNOTATIONS.epoch);

/** As begin in services/route.ts: a new Service that selects pods gets a site. */
const begins = all(
  isNew,
  `object.spec.?type.orValue('') != 'ExternalName'`,
  `${selector('object')}.exists(k, ${not(isSite('k'))})`,
);
/** As keep in services/route.ts: the request changes what only the controller may change. */
const takesAway = all(
  not(isNew),
  any(
    all(
      any(`${epoch('object')} != ''`, `${epoch('oldObject')} != ''`),
      any(differsIn('object', 'oldObject'), differsIn('oldObject', 'object')),
    ),
    `${epoch('object')} != ${epoch('oldObject')}`,
    `${annotation('object', ANNOTATIONS.anySite)} != ${annotation('oldObject', ANNOTATIONS.anySite)}`,
  ),
);
const needsItsSite = all(follows('object'), not(isDatabaseService('object')), any(begins, takesAway));

const SERVICES: Conditions = [
  NOT_BY_CONTROLLER,
  NOT_DELETED,
  { name: 'needs-its-site', expression: needsItsSite },
];
const SERVICES_LEFT: Conditions = [
  NOT_BY_CONTROLLER,
  NOT_DELETED,
  { name: 'needs-no-site', expression: not(needsItsSite) },
  {
    name: 'has-a-word-for',
    expression: any(
      isNew,
      isChanged('spec', '{}'),
      isChanged('metadata.?labels', '{}'),
      isChanged('metadata.?annotations', '{}'),
    ),
  },
];

/** By the entry of the webhook configuration. */
export const MATCH_CONDITIONS = {
  pods: PODS,
  'pods-of-namespaces': PODS,
  'pods-left': PODS_LEFT,
  'pods-of-namespaces-left': PODS_LEFT,
  'workloads-left': WORKLOADS_LEFT,
  workloads: WORKLOADS,
  'services-left': SERVICES_LEFT,
  services: SERVICES,
} as const;
