import { ignoreForbidden, ignoreNotFound } from '../../kubernetes/errors.ts';
import { NAMESPACES } from '../../kubernetes/resources.ts';
import { findFollowers } from '../cluster/followers.ts';
import type { ClusterOptions, OutputOptions } from '../cluster/options.ts';
import { POD_DETAILS } from '../cluster/pod-details.ts';
import { listPolicies, podPolicyOf } from '../cluster/policies.ts';
import { withSession } from '../cluster/session.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import { renderExplanation } from '../explain/render.ts';
import { explainPod } from '../explain/view.ts';
import type { Terminal } from '../terminal.ts';
import { Output } from '../text/output.ts';
import { reported } from './reported.ts';

export interface ExplainOptions extends ClusterOptions, OutputOptions {
  readonly controllerNamespace?: string;
}

/** `namespace` is that of the pod here, as everywhere in kubectl. */
export const explain = reported(
  (terminal: Terminal, options: ExplainOptions, [name = '']: readonly string[]): Promise<Outcome> => {
    const { output, controllerNamespace } = options;
    return withSession(terminal, options, async (session): Promise<Outcome> => {
      const { api, contextNamespace = 'default' } = session;
      const key = { namespace: options.namespace ?? contextNamespace, name };
      const [followers, pod, namespace, policies = []] = await Promise.all([
        findFollowers(session, controllerNamespace),
        api.get(POD_DETAILS, key).catch(ignoreNotFound),
        api.get(NAMESPACES, { name: key.namespace }).catch(ignoreNotFound),
        // A user who may not list them gets the answer for the webhook.
        listPolicies(api, 'MutatingAdmissionPolicy').catch(ignoreForbidden),
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
      await new Output(terminal, output).show(view, (width) => renderExplanation(view, width));
      return view.injection.asAsked && view.readiness.asExpected ? 'done' : 'refused';
    });
  },
);
