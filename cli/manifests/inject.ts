import { isOfDatabase } from '../../contract/databases.ts';
import { LABELS } from '../../contract/names.ts';
import { injectPod } from '../../webhook/inject/inject.ts';
import { readLabel } from '../../webhook/inject/label.ts';
import { readMetadata, readPod, readWorkload } from '../../webhook/inject/shape.ts';
import { stallWarnings } from '../../webhook/inject/stalls.ts';
import { misspeltAnnotations } from '../../webhook/inject/suggest.ts';
import { orphanedMounts, uninjectPod } from '../../webhook/inject/uninject.ts';
import { propagateLabel } from '../../webhook/inject/workload.ts';
import type { InjectorConfig } from '../../webhook/injector-config.ts';
import { findAutoscalers } from './autoscaled.ts';
import { Documents } from './documents.ts';
import type { ManifestFormat } from './format.ts';
import { type Found, findNamespaces, findOthers, findPods, findStrangers, type Other } from './objects.ts';
import { childOf, type Value } from './value.ts';

export interface Rewritten {
  /** The manifests; undefined when something is refused. */
  readonly output: string | undefined;
  /** For the user, one line each. */
  readonly notes: readonly string[];
}

/** The result for one object. */
interface Report {
  readonly notes: readonly string[];
  readonly refused?: boolean;
}

/** Changes pods and the pod templates of workloads as the webhook would. Throws where `text` is not YAML. */
export function injectManifests(text: string, config: InjectorConfig, format?: ManifestFormat): Rewritten {
  const documents = new Documents(text);
  const namespaces = findNamespaces(documents);
  const autoscalerOf = findAutoscalers(documents);
  const others = findOthers(documents).flatMap((other) => notesOfOther(documents, other));
  return eachObject(documents, format, others, (found) => {
    const namespaceAsks = readLabel(namespaces.get(found.namespace)) === 'yes';
    const propagated = propagate(documents, found);
    if (propagated.refused) return propagated;
    const injected = inject(documents, found, { namespaceAsks, autoscalerOf }, config);
    return { ...injected, notes: [...propagated.notes, ...injected.notes] };
  });
}

/** Undoes {@link injectManifests}. Throws where `text` is not YAML. */
export function uninjectManifests(text: string, format?: ManifestFormat): Rewritten {
  const documents = new Documents(text);
  return eachObject(documents, format, [], ({ document, podPath }) => {
    const read = readPod(documents.at(document, podPath));
    if (!read.ok) return refuse(read.problem);
    const operations = uninjectPod(read.value);
    documents.patch(document, podPath, operations);
    const done = operations.length > 0 ? 'sidecar removed' : 'nothing to remove';
    return { notes: [done, ...orphanedMounts(read.value).map(warning)] };
  });
}

function eachObject(
  documents: Documents,
  format: ManifestFormat | undefined,
  others: readonly string[],
  work: (found: Found) => Report,
): Rewritten {
  const strangers = findStrangers(documents);
  if (strangers.length > 0) {
    const problem = refusal('this is not a Kubernetes object, which has apiVersion and kind');
    return { output: undefined, notes: strangers.map((place) => `${place}: ${problem}`) };
  }
  const notes = [...others];
  let refused = false;
  for (const found of findPods(documents)) {
    const report = work(found);
    refused ||= report.refused === true;
    notes.push(...report.notes.map((note) => `${found.title}: ${note}`));
  }
  if (notes.length === 0) notes.push('no object with pods was found');
  if (refused) return { output: undefined, notes };
  const output = documents.toString(format);
  const together = warning('has kind twice, and the last one counts: put --- between objects');
  const reformatted = warning(
    'reformatted: its comments and anchors are lost, and uninject cannot restore them',
  );
  const of = (index: number, note: string) => `document ${index + 1}: ${note}`;
  return {
    output,
    notes: [
      ...notes,
      ...documents.runTogether.map((index) => of(index, together)),
      ...documents.reprinted.map((index) => of(index, reformatted)),
    ],
  };
}

/** Propagates the label of a workload to its pod template, as the webhook does. */
function propagate(documents: Documents, { document, path, kind }: Found): Report {
  const object = documents.at(document, path);
  if (!['Deployment', 'StatefulSet', 'DaemonSet'].includes(kind)) return misplaced(kind, object);
  const read = readWorkload(object);
  if (!read.ok) return refuse(read.problem);
  const { patch, warnings } = propagateLabel(read.value);
  documents.patch(document, path, patch);
  return { notes: warnings.map(warning) };
}

/** The template of other kinds cannot be changed, so their label is not propagated. */
function misplaced(kind: string, object: Value | undefined): Report {
  const read = readMetadata(object);
  if (kind === 'Pod' || !read.ok || read.value.metadata?.labels?.[LABELS.inject] === undefined) {
    return { notes: [] };
  }
  const apiVersion = childOf(object, 'apiVersion');
  const advice =
    typeof apiVersion === 'string' && isOfDatabase({ apiVersion, kind })
      ? ': its pods are a database’s, which are never injected'
      : ', put it on its pod template';
  return { notes: [warning(`label ${LABELS.inject} has no effect on a ${kind}${advice}`)] };
}

/** For kinds of which it is not known where their pod template is. */
function notesOfOther(documents: Documents, { document, path, kind, title }: Other): string[] {
  const { notes } = misplaced(kind, documents.at(document, path));
  const template = readMetadata(documents.at(document, [...path, 'spec', 'template']));
  const asks = template.ok && readLabel(template.value.metadata?.labels) !== 'unsaid';
  const left = `not injected here: where the pods of a ${kind} are is not known; the webhook sees them when they are created`;
  return [...notes, ...(asks ? [warning(left)] : [])].map((note) => `${title}: ${note}`);
}

/** What other objects in the same file say about one. */
interface Context {
  readonly namespaceAsks: boolean;
  readonly autoscalerOf: ReturnType<typeof findAutoscalers>;
}

function inject(
  documents: Documents,
  { document, path, podPath, kind, namespace }: Found,
  { namespaceAsks, autoscalerOf }: Context,
  config: InjectorConfig,
): Report {
  const read = readPod(documents.at(document, podPath));
  if (!read.ok) return refuse(read.problem);
  const owner = readMetadata(documents.at(document, path));
  const owners = (owner.ok ? owner.value.metadata?.ownerReferences : undefined) ?? [];
  const injection = injectPod(read.value, { namespace, namespaceAsks, owners }, config);
  switch (injection.kind) {
    case 'denied':
      return { notes: injection.problems.map(refusal), refused: true };
    case 'skipped': {
      const misspelt = misspeltAnnotations(read.value.metadata?.annotations ?? {}).map(warning);
      return { notes: [`skipped: ${injection.message}`, ...misspelt] };
    }
    case 'injected': {
      const workload = readWorkload(documents.at(document, path));
      documents.patch(document, podPath, injection.patch);
      const name = workload.ok ? (workload.value.metadata?.name ?? '') : '';
      const scaled = autoscalerOf({ kind, name, namespace });
      const stalls = workload.ok ? stallWarnings(kind, workload.value, scaled) : [];
      return { notes: ['injected', ...[...injection.warnings, ...stalls].map(warning)] };
    }
  }
}

const warning = (text: string) => `warning: ${text}`;
const refusal = (text: string) => `refused: ${text}`;
const refuse = (problem: string): Report => ({ notes: [refusal(problem)], refused: true });
