/** Warnings about pods that are admitted. */
import { FOLLOWED } from '../../contract/followed.ts';
import { LABELS } from '../../contract/names.ts';
import { notInjected, SKIP_MESSAGES } from '../inject/decision.ts';
import { KNOWN, NO_LABEL, PREFIX, unknownAnnotation } from '../inject/suggest.ts';
import { IS_INJECTED, SKIPPED } from '../match-conditions.ts';
import { any, inserted, listOf, literal, textOf } from './cel.ts';
import { IS_FOLLOWED } from './followed.ts';
import type { PolicyRules } from './rules.ts';
import { shownText } from './settings.ts';

const REASONS: Readonly<Record<(typeof SKIPPED)[number]['name'], string>> = {
  'not-on-the-host-network': SKIP_MESSAGES['host-network'],
  'not-for-windows': SKIP_MESSAGES.windows,
  'no-database': 'it belongs to a database, which decides the site and so must not wait for it',
  'not-static': SKIP_MESSAGES['mirror-pod'],
};

export const REMARKS: PolicyRules = {
  matchConditions: [],
  variables: [
    { name: 'isInjected', expression: IS_INJECTED },
    {
      // As misspeltAnnotations in inject/suggest.ts.
      name: 'unknown',
      expression: `object.metadata.?annotations.orValue({}).filter(k, k.startsWith(${literal(PREFIX)}) && !(k in ${listOf(KNOWN)}))`,
    },
  ],
  action: 'Warn',
  validations: [
    ...SKIPPED.map(({ name, expression }) => ({
      expression: any('variables.isInjected', expression),
      message: literal(notInjected(REASONS[name])),
    })),
    {
      expression: any('variables.isInjected', `!${IS_FOLLOWED}`),
      message: literal(notInjected(`it is ${FOLLOWED}`)),
    },
    {
      expression: 'variables.unknown.size() == 0',
      message: `variables.unknown.map(k, k == ${literal(LABELS.inject)} ? ${literal(NO_LABEL)} : ${textOf(unknownAnnotation(inserted(`(${shownText('k')})`)))}).join('; ')`,
    },
  ],
};
