/** What the programs asked of the API server in the whole run, beside what the chart lets them ask. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { deprecated, exceptionsIn, forbidden, parseAudit, sayGrant, unused } from '../support/audit.ts';
import { RELEASE_NAMESPACE } from '../support/helm.ts';
import type { Suite } from '../support/suite.ts';
import { templatesOf } from '../support/templates.ts';
import { APP_NAMESPACE } from '../support/workload.ts';

export function rightsCase(suite: () => Suite): void {
  test('nothing was forbidden or deprecated, and nothing is granted that is not used', async (context) => {
    if (!suite().isAt(context, 'installed')) return;
    const { settings, release, results, absences } = suite();
    if (settings.auditLog === undefined) return context.skip('E2E_AUDIT_LOG names no audit log');
    const uses = parseAudit(await readFile(settings.auditLog, 'utf8'));
    const { grants } = release;
    const accounts = new Set(grants.map(({ subject }) => subject));
    const ours = uses.filter(
      ({ account }) => accounts.has(account) || account.startsWith(`${APP_NAMESPACE}/`),
    );
    assert.ok(
      ours.length > 0,
      `the audit log has no request of ${[...accounts].join(', ')} in ${RELEASE_NAMESPACE}`,
    );

    const isAway = (at: number) => absences.some(({ from, to }) => at >= from && at <= to);
    const refused = forbidden(ours).filter(({ at }) => !isAway(at));
    const last = forbidden(ours).length - refused.length;
    const exceptions = exceptionsIn(await templatesOf(settings.chart));
    const idle = unused(grants, ours);
    const unexplained = idle.filter((grant) => !exceptions.some((exception) => exception.covers(grant)));
    results.row(
      'RBAC: requests, refused, grants, unused, of these explained in the template',
      [ours.length, refused.length, grants.length, idle.length, idle.length - unexplained.length].join(', '),
      `${last} more refused while it was not installed`,
    );
    results.keep('unused grants', idle.map(sayGrant));
    results.keep('refused requests', refused);
    assert.deepEqual(
      refused.map(({ account, verb, uri }) => `${account}: ${verb} ${uri}`),
      [],
    );
    const old = deprecated(ours).map(({ account, verb, uri }) => `${account}: ${verb} ${uri}`);
    assert.deepEqual([...new Set(old)], [], 'the API server says that these will go');
    assert.deepEqual(unexplained.map(sayGrant), [], 'granted and never used in this run');
  });
}
