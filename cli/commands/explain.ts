import { ignoreNotFound, isForbidden } from '../../kubernetes/errors.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import { findFollowers } from '../cluster/followers.ts';
import type { ClusterOptions, OutputOptions } from '../cluster/options.ts';
import { POD_DETAILS } from '../cluster/pods.ts';
import { type AdmissionPolicy, listPolicies, podPolicyOf } from '../cluster/policies.ts';
import { withSession } from '../cluster/session.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import { renderExplanation } from '../explain/render.ts';
import { explainPod } from '../explain/view.ts';
import { columnsOf, type Terminal } from '../terminal.ts';
import { print } from '../text/line.ts';
import { serialize } from '../text/output.ts';

export interface ExplainOptions extends ClusterOptions, OutputOptions {
  readonly controllerNamespace?: string;
}

/** They are of the whole cluster; who may not see them is told as with the webhook. */
function noneIfForbidden(error: unknown): readonly AdmissionPolicy[] {
  if (isForbidden(error)) return [];
  throw error;
}

/** Here the namespace is that of the pod, as everywhere in kubectl. */
export function explain(
  terminal: Terminal,
  options: ExplainOptions,
  [name = '']: readonly string[],
): Promise<Outcome> {
  const { abort } = terminal;
  const { output, controllerNamespace } = options;
  return withSession(terminal, options, async (session): Promise<Outcome> => {
    const { api, contextNamespace = 'default' } = session;
    const key = { namespace: options.namespace ?? contextNamespace, name };
    const [followers, pod, namespace, policies] = await Promise.all([
      findFollowers(session, controllerNamespace, abort),
      api.get(POD_DETAILS, key, { abort }).catch(ignoreNotFound),
      api.get(NAMESPACES, { name: key.namespace }, { abort }).catch(ignoreNotFound),
      listPolicies(api, 'MutatingAdmissionPolicy', abort).catch(noneIfForbidden),
    ]);
    if (pod === undefined) {
      throw new CommandError(
        'unreachable',
        `There is no pod ${name} in namespace ${key.namespace}: set its namespace with -n.`,
      );
    }
    const controller = followers[0]?.namespace ?? '';
    const view = explainPod({
      pod,
      namespace,
      followers,
      controllerNamespace: controller,
      policy: podPolicyOf(policies, controller),
    });
    const lines = () => renderExplanation(view, columnsOf(terminal));
    terminal.out(output === 'text' ? print(lines(), terminal.colour) : await serialize(view, output));
    return view.injection.asAsked && view.readiness.asExpected ? 'done' : 'refused';
  });
}
