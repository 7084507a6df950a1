import type { FollowerConfig } from '../config.ts';
import { dnsSignals } from './dns/index.ts';
import { followServices } from './follow-services/index.ts';
import { nodeLabel } from './node-label/index.ts';
import { notify } from './notify/index.ts';
import { podConditions } from './pod-conditions/index.ts';
import type { SignalPorts } from './ports.ts';
import type { Signal } from './signal.ts';
import { statusCopies } from './status-copies/index.ts';

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
