/**
 * The admission policies that inject without the webhook, evaluated by the API server from Kubernetes 1.36 on. The
 * chart's values reach them as variables; everything else is generated from the code of the webhook.
 */
import { PODS } from './pods.ts';
import { REMARKS } from './remarks.ts';
import type { PolicyRules } from './rules.ts';
import { WORKLOADS } from './workloads.ts';

/** By their names in the chart. */
export const POLICIES: Readonly<Record<'pods' | 'remarks' | 'workloads', PolicyRules>> = {
  pods: PODS,
  remarks: REMARKS,
  workloads: WORKLOADS,
};
