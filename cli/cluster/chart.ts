/** How the chart marks its objects. */
import { PROGRAM } from '../../contract/names.ts';

/** The label that tells controller and webhook apart. */
export const COMPONENT = 'app.kubernetes.io/component';

/** A label selector for all of the chart’s objects. */
export const OF_CHART = `app.kubernetes.io/name=${PROGRAM}`;

/** The annotation of a webhook configuration whose caBundle comes from cert-manager: namespace and name of the Certificate. */
export const INJECT_CA_FROM = 'cert-manager.io/inject-ca-from';
