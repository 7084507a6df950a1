/** Compares what service accounts were granted with what they did, as the API server's audit log tells it. */

/** One request. `verb` is that of RBAC: a list by name is still a list. */
export interface Use {
  /** `namespace/name` of the service account. */
  readonly account: string;
  readonly verb: string;
  readonly group: string;
  /** The plural, with its subresource after a slash. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** HTTP status. */
  readonly code: number;
  readonly uri: string;
  /** Milliseconds since 1970, when it was answered. */
  readonly at: number;
  /** The API server has warned that this API will go. */
  readonly isDeprecated: boolean;
}

/** One verb on one resource, as a role gives it. */
export interface Grant {
  /** `namespace/name`, or `group` and a name for all service accounts of a group. */
  readonly subject: string;
  readonly role: string;
  /** Undefined: in all namespaces. */
  readonly namespace: string | undefined;
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Empty: any. */
  readonly names: readonly string[];
}

interface AuditEvent {
  readonly stage?: string;
  readonly verb?: string;
  readonly requestURI?: string;
  readonly stageTimestamp?: string;
  readonly user?: { readonly username?: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly apiGroup?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly annotations?: Readonly<Record<string, string>>;
}

/** https://kubernetes.io/docs/reference/labels-annotations-taints/audit-annotations/#k8s-io-deprecated */
const DEPRECATED = 'k8s.io/deprecated';
const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** Reads the lines of an audit log (audit.k8s.io/v1, JSON). Those that are not of service accounts are left out. */
export function parseAudit(log: string): readonly Use[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .flatMap((line) => useOf(parse(line)));
}

/** The last line may be half written. */
function parse(line: string): AuditEvent {
  try {
    return JSON.parse(line) as AuditEvent;
  } catch {
    return {};
  }
}

function useOf(event: AuditEvent): Use[] {
  const {
    verb = '',
    requestURI = '',
    stageTimestamp = '',
    user,
    objectRef,
    responseStatus,
    annotations,
  } = event;
  const [, namespace, name] = ACCOUNT.exec(user?.username ?? '') ?? [];
  if (namespace === undefined || objectRef?.resource === undefined) return [];
  const { resource, subresource } = objectRef;
  return [
    {
      account: `${namespace}/${name}`,
      verb,
      group: objectRef.apiGroup ?? '',
      resource: subresource === undefined ? resource : `${resource}/${subresource}`,
      namespace: objectRef.namespace ?? '',
      name: objectRef.name ?? '',
      code: responseStatus?.code ?? 0,
      uri: requestURI,
      at: Date.parse(stageTimestamp),
      isDeprecated: annotations?.[DEPRECATED] === 'true',
    },
  ];
}

/** Requests that were refused for want of a right. */
export function forbidden(uses: readonly Use[]): readonly Use[] {
  return uses.filter(({ code }) => code === 403);
}

/** Requests to APIs that will go. */
export function deprecated(uses: readonly Use[]): readonly Use[] {
  return uses.filter(({ isDeprecated }) => isDeprecated);
}

/** Grants that no request needed. */
export function unused(grants: readonly Grant[], uses: readonly Use[]): readonly Grant[] {
  return grants.filter((grant) => !uses.some((use) => covers(grant, use)));
}

function covers(grant: Grant, use: Use): boolean {
  return (
    isSubject(grant.subject, use.account) &&
    grant.verb === use.verb &&
    grant.group === use.group &&
    grant.resource === use.resource &&
    (grant.namespace === undefined || grant.namespace === use.namespace) &&
    (grant.names.length === 0 || grant.names.includes(use.name))
  );
}

function isSubject(subject: string, account: string): boolean {
  if (!subject.startsWith('group ')) return subject === account;
  const group = subject.slice('group '.length);
  return group === 'system:serviceaccounts' || group === `system:serviceaccounts:${account.split('/')[0]}`;
}

export interface RoleRule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** The grants of one role that a binding gives to `subjects`. */
export function grantsOf(
  role: string,
  rules: readonly RoleRule[],
  subjects: readonly string[],
  namespace: string | undefined,
): readonly Grant[] {
  return subjects.flatMap((subject) =>
    rules.flatMap(({ apiGroups = [], resources = [], resourceNames: names = [], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => ({ subject, role, namespace, verb, group, resource, names })),
        ),
      ),
    ),
  );
}

export function sayGrant({ subject, role, verb, group, resource, names }: Grant): string {
  const only = names.length === 0 ? '' : ` (${names.join(', ')})`;
  return `${subject}: ${verb} ${group === '' ? '' : `${group}/`}${resource}${only}, by ${role}`;
}

export interface Exception {
  readonly reason: string;
  covers(grant: Grant): boolean;
}

/**
 * A template explains what a run does not use by a comment beside the rule:
 * `{{- /* Unused in the e2e run: list,watch nodes: why that is so. *\/}}`
 */
const EXCEPTION = /\/\*\s*Unused in the e2e run:\s*([a-z,]+)\s+([a-z/]+):\s*(\S.*?)\s*\*\//g;

export function exceptionsIn(templates: string): readonly Exception[] {
  return [...templates.matchAll(EXCEPTION)].map(([, verbs = '', resource = '', reason = '']) => ({
    reason,
    covers: (grant) => verbs.split(',').includes(grant.verb) && resource === grant.resource,
  }));
}
