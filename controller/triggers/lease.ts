import * as z from 'zod';
import { ignoreNotFound } from '../../kubernetes/errors.ts';
import { LEASES, type Lease } from '../../kubernetes/resources.ts';
import type { Clock } from '../../runtime/clock.ts';
import { isObjectName } from '../../runtime/object-names.ts';
import { namespace, objectName } from '../../settings/fields.ts';
import { Alarm } from '../watch/alarm.ts';
import { reflect, type WatchPorts } from '../watch/reflect.ts';
import { locateNamedPod, locatesPod, type NamedPod } from './named-pod.ts';
import { isUnknown, type Observation, type Trigger, type Unknown, unknown } from './trigger.ts';
import type { ConfiguredTrigger } from './trigger-kind.ts';

export const LEASE = z
  .object({
    kind: z.literal('lease'),
    namespace: namespace().meta({ description: 'Namespace of the Lease, and of the pods that hold it.' }),
    name: objectName('a Lease').meta({ description: 'Name of the Lease.' }),
  })
  .meta({
    description:
      'The pod that holds a Lease: `spec.holderIdentity` is its name, or its name with `_` and anything behind it.',
  });

type LeaseConfig = z.output<typeof LEASE>;

export function lease(config: LeaseConfig): ConfiguredTrigger {
  const { namespace, name } = config;
  return {
    subject: { namespace, name },
    rights: [
      {
        namespace,
        group: LEASES.group,
        resource: LEASES.plural,
        name,
        verbs: ['get', 'list', 'watch'],
        reason: 'Reads who holds the Lease, and hears at once when that changes.',
      },
      locatesPod(namespace, 'Reads on which node the holder runs.'),
    ],
    create: (ports) => new LeaseTrigger(config, ports),
  };
}

/** Follows the holder of a Lease for as long as it renews it. */
class LeaseTrigger implements Trigger {
  readonly #config: LeaseConfig;
  readonly #ports: WatchPorts;
  readonly #expiry: Expiry;
  readonly #alarm: Alarm;
  /** By the last look: someone holds it, and has renewed it in time. */
  #isHeld = false;

  constructor(config: LeaseConfig, ports: WatchPorts) {
    this.#config = config;
    this.#ports = ports;
    this.#expiry = new Expiry(ports.clock);
    this.#alarm = new Alarm(ports.clock);
  }

  async watch(enqueue: () => void, abort: AbortSignal): Promise<void> {
    const { namespace, name } = this.#config;
    const leases = reflect(this.#ports, {
      resource: LEASES,
      namespace,
      fieldSelector: `metadata.name=${name}`,
      transform: ({ spec = {} }: Lease) => spec,
      onChange: (_key, now, before) => {
        // A renewal comes every few seconds, and gives nothing new while the Lease is known to be held.
        const isRenewal = holdOf(now) === holdOf(before) && now?.renewTime !== before?.renewTime;
        if (isRenewal ? !this.#isHeld : holdOf(now) !== holdOf(before)) enqueue();
      },
    });
    this.#alarm.connect(enqueue, abort);
    await leases.run(abort);
  }

  async observe(abort: AbortSignal): Promise<Observation> {
    const { namespace, name } = this.#config;
    const lease = `Lease ${namespace}/${name}`;
    return await locateNamedPod(this.#ports, lease, (inner) => this.#read(lease, inner), abort);
  }

  async #read(lease: string, abort: AbortSignal): Promise<NamedPod | Unknown> {
    const found = await this.#holder(lease, abort);
    this.#isHeld = !isUnknown(found);
    return found;
  }

  async #holder(lease: string, abort: AbortSignal): Promise<NamedPod | Unknown> {
    const object = await this.#ports.api.get(LEASES, this.#config, { abort }).catch(ignoreNotFound);
    if (object === undefined) return unknown('SourceNotFound', `${lease} does not exist`);
    const {
      holderIdentity: holder = '',
      leaseDurationSeconds: seconds,
      renewTime,
      acquireTime,
    } = object.spec ?? {};
    if (holder === '') return unknown('PrimaryEmpty', `${lease} has no holder`);
    if (seconds === undefined || renewTime === undefined || Number.isNaN(Date.parse(renewTime))) {
      return unknown('SourceInvalid', `${lease} says nothing of when it ends`);
    }
    const leftMs = this.#expiry.leftMs(holder, renewTime, seconds * 1000);
    if (leftMs <= 0) return unknown('PrimaryExpired', `${lease} was not renewed by ${holder} in time`);
    // A pod's name has no `_`: client-go puts `_` and a UUID behind it.
    const [pod = ''] = holder.split('_', 1);
    if (!isObjectName(pod))
      return unknown('SourceInvalid', `${lease} is held by "${holder}", which names no pod`);
    this.#alarm.set(leftMs);
    return {
      namespace: this.#config.namespace,
      pod,
      ...(acquireTime !== undefined && { movedAt: acquireTime }),
    };
  }
}

/** What distinguishes one hold from another, whatever the renewals. */
function holdOf(spec: Lease['spec']): string {
  return JSON.stringify([spec?.holderIdentity, spec?.leaseTransitions, spec?.leaseDurationSeconds]);
}

/**
 * Whether a Lease is still renewed, whatever the clocks of its holder and of this process say: a renewal counts from
 * when it was seen here, as in client-go. Only for what was there at the first look nothing else is known than its
 * own time stamp; should a wrong clock make it look too old, the next renewal shows that it is alive.
 */
class Expiry {
  readonly #clock: Clock;
  #seen: { readonly renewal: string; readonly at: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds until it ends; 0 or less when it has ended. */
  leftMs(holder: string, renewTime: string, durationMs: number): number {
    const renewal = `${holder} ${renewTime}`;
    const now = this.#clock.elapsed();
    if (this.#seen === undefined) {
      const ageMs = Math.max(0, this.#clock.now() - Date.parse(renewTime));
      this.#seen = { renewal, at: now - Math.min(ageMs, durationMs) };
    } else if (this.#seen.renewal !== renewal) {
      this.#seen = { renewal, at: now };
    }
    return this.#seen.at + durationMs - now;
  }
}
