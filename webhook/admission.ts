import * as z from 'zod';
import type { FollowedPods } from '../contract/followed.ts';
import { PROGRAM } from '../contract/names.ts';
import { cut } from '../kubernetes/cut.ts';
import { isAsAsked, notInjected, type SkipReason } from './inject/decision.ts';
import { injectPod } from './inject/inject.ts';
import { limitWarnings } from './inject/limits.ts';
import { type Operation, patchText } from './inject/patch.ts';
import { readPod, readWorkload } from './inject/shape.ts';
import { previewInjection, propagateLabel } from './inject/workload.ts';
import type { InjectorConfig } from './injector-config.ts';
import type { LimitsOf } from './limit-ranges.ts';
import { type ActiveSites, readService, routeService } from './services/route.ts';
import { type Subject, subjectOf } from './subject.ts';

const REVIEW_VERSION = 'admission.k8s.io/v1';
const REVIEW_KIND = 'AdmissionReview';

/** The answer to the API server. */
export interface ReviewAnswer {
  readonly apiVersion: typeof REVIEW_VERSION;
  readonly kind: typeof REVIEW_KIND;
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly patchType?: 'JSONPatch';
    /** Base64 of a JSON Patch. */
    readonly patch?: string;
    /** Shown by kubectl. */
    readonly warnings?: readonly string[];
    readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
  };
}

export type Outcome =
  /** `fits`: no LimitRange refuses the pod for its sidecar. */
  | { readonly action: 'injected'; readonly fits: boolean }
  | { readonly action: 'carried' | 'taken-back' | 'routed' | 'kept' | 'restored' | 'none' }
  | { readonly action: 'skipped'; readonly reason: SkipReason; readonly message: string }
  | { readonly action: 'denied'; readonly message: string };

export type Admission =
  /** Not a review that can be answered. */
  | { readonly kind: 'malformed'; readonly problem: string }
  | {
      readonly kind: 'answered';
      readonly answer: ReviewAnswer;
      readonly outcome: Outcome;
      /** Undefined where the object is of another kind or cannot be read. */
      readonly subject: Subject | undefined;
      /** Then nothing is stored, and no Event is recorded. */
      readonly dryRun: boolean;
    };

const requestSchema = z.object({
  // A UUID. It is sent back, so a longer one is refused.
  uid: z.string().min(1).max(128),
  kind: z.object({ group: z.string(), version: z.string(), kind: z.string() }),
  subResource: z.string().nullish(),
  namespace: z.string().nullish(),
  operation: z.string(),
  dryRun: z.boolean().nullish(),
  options: z.object({ fieldManager: z.string().nullish() }).nullish().catch(null),
  object: z.unknown(),
  oldObject: z.unknown().optional(),
});
const versionSchema = z.object({ apiVersion: z.string(), kind: z.string() });
const reviewSchema = z.object({
  apiVersion: z.literal(REVIEW_VERSION),
  kind: z.literal(REVIEW_KIND),
  request: requestSchema,
});

type Request = z.infer<typeof requestSchema>;

interface AdmissionResult {
  readonly outcome: Outcome;
  readonly patch: readonly Operation[];
  readonly warnings: readonly string[];
  readonly subject: Subject | undefined;
}

const UNTOUCHED: AdmissionResult = {
  outcome: { action: 'none' },
  patch: [],
  warnings: [],
  subject: undefined,
};

/** Never throws, whatever `review` is. */
export function admit(
  review: unknown,
  config: InjectorConfig,
  active: ActiveSites = () => undefined,
  followed: readonly FollowedPods[] = [],
  limits: LimitsOf = () => [],
): Admission {
  const parsed = reviewSchema.safeParse(review);
  if (!parsed.success) return malformed(problemOf(review, parsed.error));
  const { request } = parsed.data;
  const result = evaluate(request, config, { active, followed, limits });
  const { outcome, subject } = result;
  return {
    kind: 'answered',
    answer: answer(request.uid, result),
    outcome,
    subject,
    dryRun: request.dryRun === true,
  };
}

function problemOf(review: unknown, error: z.ZodError): string {
  const version = versionSchema.safeParse(review).data;
  if (version?.apiVersion !== REVIEW_VERSION || version.kind !== REVIEW_KIND) {
    const got = version === undefined ? 'something else' : `${version.kind} of ${version.apiVersion}`;
    return `expected ${REVIEW_KIND} of ${REVIEW_VERSION}, got ${got}`;
  }
  const [issue] = error.issues;
  return `${issue?.path.join('.')}: ${issue?.message}`;
}

const malformed = (problem: string): Admission => ({
  kind: 'malformed',
  problem: cut(problem, LONGEST_SAID),
});

interface Known {
  readonly active: ActiveSites;
  readonly followed: readonly FollowedPods[];
  readonly limits: LimitsOf;
}

function evaluate(request: Request, config: InjectorConfig, known: Known): AdmissionResult {
  const { kind, operation, subResource } = request;
  if ((subResource ?? '') !== '') return UNTOUCHED;
  const { group, version } = kind;
  if (group === '' && version === 'v1' && kind.kind === 'Pod' && operation === 'CREATE') {
    return evaluatePod(request, config, known);
  }
  const isWorkload = ['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind.kind);
  const isWrite = operation === 'CREATE' || operation === 'UPDATE';
  if (group === 'apps' && version === 'v1' && isWorkload && isWrite)
    return evaluateWorkload(request, config, known);
  if (group === '' && version === 'v1' && kind.kind === 'Service' && isWrite) {
    return evaluateService(request, known.active);
  }
  return UNTOUCHED;
}

function evaluatePod(
  { object, namespace }: Request,
  config: InjectorConfig,
  { followed, limits }: Known,
): AdmissionResult {
  const read = readPod(object);
  if (!read.ok) return denied([read.problem], undefined);
  const pod = read.value;
  const subject = subjectOf('Pod', namespace, pod.metadata);
  // By our configuration, the API server sends pods without the label only from namespaces that ask.
  const context = { namespace: subject.namespace, namespaceAsks: true, followed };
  const injection = injectPod(pod, context, config);
  switch (injection.kind) {
    case 'injected': {
      const { patch, warnings } = injection;
      const violations = limitWarnings(pod, config.resources, limits(subject.namespace));
      const outcome = { action: 'injected', fits: violations.length === 0 } as const;
      return { outcome, patch, warnings: [...warnings, ...violations], subject };
    }
    case 'skipped': {
      const { reason, message } = injection;
      const warnings = isAsAsked(reason) ? [] : [notInjected(message)];
      return { outcome: { action: 'skipped', reason, message }, patch: [], warnings, subject };
    }
    case 'denied':
      return denied(injection.problems, subject);
  }
}

function evaluateWorkload(
  { object, namespace, kind }: Request,
  config: InjectorConfig,
  { limits }: Known,
): AdmissionResult {
  const read = readWorkload(object);
  if (!read.ok) return { ...UNTOUCHED, warnings: [`the inject label was not looked at: ${read.problem}`] };
  const workload = read.value;
  const subject = subjectOf(kind.kind, namespace, workload.metadata);
  // A workload that is being deleted must not be rolled out again.
  if ((workload.metadata?.deletionTimestamp ?? '') !== '') return { ...UNTOUCHED, subject };
  const { change, patch, warnings } = propagateLabel(workload);
  const preview = previewInjection(kind.kind, workload, subject.namespace, config, limits(subject.namespace));
  return { outcome: { action: change }, patch, warnings: [...warnings, ...preview], subject };
}

function evaluateService(
  { object, oldObject, namespace, options }: Request,
  active: ActiveSites,
): AdmissionResult {
  const now = readService(object);
  if (!now.ok) return { ...UNTOUCHED, warnings: [`the follow label was not looked at: ${now.problem}`] };
  const old = oldObject === undefined || oldObject === null ? undefined : readService(oldObject);
  const subject = subjectOf('Service', namespace, now.value.metadata);
  const isDeleted = (now.value.metadata?.deletionTimestamp ?? '') !== '';
  // The chart’s configuration exempts the controller, but one of a user may not.
  const isByController = options?.fieldManager === PROGRAM;
  if (isDeleted || isByController) return { ...UNTOUCHED, subject };
  const { change, patch, warnings } = routeService(now.value, old?.ok ? old.value : undefined, active);
  return { outcome: { action: change }, patch, warnings, subject };
}

export const deniedMessage = (problems: readonly string[]) =>
  `the sidecar of ${PROGRAM} cannot be injected: ${problems.join('; ')}`;

function denied(problems: readonly string[], subject: Subject | undefined): AdmissionResult {
  const message = deniedMessage(capped(problems));
  return { outcome: { action: 'denied', message }, patch: [], warnings: [], subject };
}

/** Nobody reads more, and the API server truncates long texts. */
const MOST_SAID = 10;
const LONGEST_SAID = 512;

function capped(lines: readonly string[]): readonly string[] {
  const more = lines.length - MOST_SAID;
  const said = lines.slice(0, MOST_SAID).map((line) => cut(line, LONGEST_SAID));
  return more > 0 ? [...said, `and ${more} more`] : said;
}

function answer(uid: string, { outcome, patch, warnings }: AdmissionResult): ReviewAnswer {
  return {
    apiVersion: REVIEW_VERSION,
    kind: REVIEW_KIND,
    response: {
      uid,
      allowed: outcome.action !== 'denied',
      ...(patch.length > 0 && {
        patchType: 'JSONPatch',
        patch: Buffer.from(patchText(patch)).toString('base64'),
      }),
      ...(warnings.length > 0 && { warnings: capped(warnings).map((warning) => `${PROGRAM}: ${warning}`) }),
      ...(outcome.action === 'denied' && {
        status: { code: 422, reason: 'Invalid', message: outcome.message },
      }),
    },
  };
}
