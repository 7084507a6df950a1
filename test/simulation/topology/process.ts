import type { DnsProvider } from '../../../dns/provider.ts';
import { type ApiSabotage, ControllerProcess, type ControllerProcessPorts } from '../controller-process.ts';
import { type SharedZone, ZoneConnection, type ZoneConnectionPorts } from './shared-zone.ts';
import type { Call } from './truth.ts';

export interface TopologySabotage extends ApiSabotage {
  readonly dns?: (provider: DnsProvider) => DnsProvider;
}

export interface TopologyProcessPorts
  extends ControllerProcessPorts,
    Pick<ZoneConnectionPorts<Call>, 'onWriteCall' | 'onRead'> {
  readonly zone: SharedZone<Call>;
  readonly sabotage: TopologySabotage;
}

/** A controller of one place, with its way to the zone. */
export class TopologyProcess extends ControllerProcess {
  readonly dns: ZoneConnection<Call>;

  constructor(identity: string, ports: TopologyProcessPorts) {
    super(identity, ports);
    const { clock, random, log, zone, sabotage, onWriteCall, onRead } = ports;
    this.dns = new ZoneConnection(zone, {
      clock,
      process: this.process,
      random: random.derive('dns'),
      onWriteCall,
      onRead,
      onTrouble: (what) => log?.(what),
    });
    const provider = sabotage.dns?.(this.dns) ?? this.dns;
    const world = {
      createProvider: () => Promise.resolve(provider),
      post: () => Promise.reject(new Error('nobody is notified here')),
    };
    this.run(world, sabotage);
  }
}
