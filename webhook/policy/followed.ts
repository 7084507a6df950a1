/** Whether a pod is followed, as isFollowed in contract/followed.ts, from what the chart knows. */
import { MEMBER_LABELS, NOT_BY_PRIMARY } from '../../contract/followed.ts';
import { all, any, inserted, listOf, literal, not, textOf } from './cel.ts';

const said = (key: string) => `f[?'${key}'].orValue('')`;
const presets = Object.entries(MEMBER_LABELS).map(([preset, labelsOf]) =>
  all(
    `${said('preset')} == ${literal(preset)}`,
    ...Object.entries(labelsOf(inserted(said('cluster')))).map(
      ([key, value]) => `object.metadata.?labels[?${literal(key)}].orValue('') == ${textOf(value)}`,
    ),
  ),
);
const hostName = `m.trim().split('.')[0].split(':')[0]`;
const isNamed = `${said('members')}.split(',').exists(m, ${hostName} == object.metadata.?name.orValue(' '))`;
/** As isKnownByPrimaryAlone. A policy does not know the primary, so no pod of that namespace is injected. */
const isUnknown = all(
  not(`f.kind in ${listOf(NOT_BY_PRIMARY)}`),
  not(`${said('preset')} in ${listOf(Object.keys(MEMBER_LABELS))}`),
  `${said('members')} == ''`,
);

export const IS_FOLLOWED = `variables.followed.exists(f, f.namespace == request.namespace && (${any(...presets, isNamed, isUnknown)}))`;
