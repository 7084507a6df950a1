import type { FollowerConfig } from '../config.ts';
import { dnsSignals } from './dns/create.ts';
import { followServices } from './follow-services/create.ts';
import { nodeLabel } from './node-label/create.ts';
import { notify } from './notify/create.ts';
import { podConditions } from './pod-conditions/create.ts';
import type { SignalPorts } from './ports.ts';
import type { Signal } from './signal.ts';
import { statusCopies } from './status-copies/create.ts';

type CreateSignals = (
  config: FollowerConfig,
  ports: SignalPorts,
) => readonly Signal[] | Promise<readonly Signal[]>;

/** One row per kind of signal; none come where the configuration does not ask for them. */
const SIGNALS: readonly CreateSignals[] = [
  followServices,
  podConditions,
  statusCopies,
  dnsSignals,
  nodeLabel,
  notify,
];

export async function createSignals(config: FollowerConfig, ports: SignalPorts): Promise<Signal[]> {
  const signals = await Promise.all(SIGNALS.map(async (create) => create(config, ports)));
  return signals.flat();
}
