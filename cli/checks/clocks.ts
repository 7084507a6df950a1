import { LEASES, type Lease } from '../../kubernetes/resources.ts';
import { whole } from '../cluster/kept.ts';
import { duration } from '../text/time.ts';
import { type Check, type Finding, problem, type Result, titleOf } from './check.ts';

/** More than rounding to a second, a slow call and NTP make, and less than sidecars and Leases bear. */
const TOLERATED_MS = 5_000;
const NODE_LEASES = 'kube-node-lease';

/**
 * The holder of a Lease writes its own time into it, and the API server records in managedFields when that was by its
 * clock: the difference is the skew, whatever the clock of this machine says.
 */
export const CLOCKS: Check = {
  name: 'clocks',
  title: 'the clocks of nodes and controller agree with the API server',
  async find(world): Promise<Result> {
    const [own, nodes] = await Promise.all([
      world.lease(),
      world.list(whole(LEASES), { namespace: NODE_LEASES }),
    ]);
    const skews = [
      ...(own === undefined ? [] : [{ about: titleOf('Lease', own), skew: skewOf(own) }]),
      ...nodes.map((lease) => ({ about: `Node ${lease.metadata.name}`, skew: skewOf(lease) })),
    ].filter(({ skew }) => skew !== undefined);
    const most = Math.max(0, ...skews.map(({ skew = 0 }) => Math.abs(skew)));
    return {
      findings: skews.flatMap(({ about, skew = 0 }) =>
        Math.abs(skew) > TOLERATED_MS ? [off(about, skew)] : [],
      ),
      note: most < 2_000 ? 'none is off by more than 2s' : `off by ${duration(most)} at most`,
    };
  },
};

function off(about: string, skew: number): Finding {
  const direction = skew > 0 ? 'ahead' : 'behind';
  return problem(
    about,
    `its clock is ${duration(Math.abs(skew))} ${direction} of the API server’s: times in the status are wrong, and certificates may seem not to be valid yet`,
    'See that NTP runs on that machine: timedatectl status',
  );
}

/** Milliseconds that the holder’s clock is ahead; undefined where that is unknown. */
function skewOf(lease: Lease): number | undefined {
  const { managedFields = [] } = lease.metadata;
  const noted = managedFields.find(
    ({ fieldsV1 }) => fieldsV1?.['f:spec']?.['f:renewTime'] !== undefined,
  )?.time;
  const skew = Date.parse(lease.spec?.renewTime ?? '') - Date.parse(noted ?? '');
  return Number.isNaN(skew) ? undefined : skew;
}
