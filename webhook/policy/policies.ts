/**
 * The admission policies that inject where there is no webhook: the API server evaluates them itself, from Kubernetes
 * 1.36 on. What the chart knows they are given as variables; all else is made here of what the webhook is made of.
 */
import { PODS } from './pods.ts';
import { REMARKS } from './remarks.ts';
import type { PolicyRules } from './rules.ts';
import { WORKLOADS } from './workloads.ts';

/** By the names that the chart gives them. */
export const POLICIES: Readonly<Record<'pods' | 'remarks' | 'workloads', PolicyRules>> = {
  pods: PODS,
  remarks: REMARKS,
  workloads: WORKLOADS,
};
