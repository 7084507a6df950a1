import type { NamecheapApi } from '../../dns/providers/namecheap/api.ts';
import { NamecheapProvider } from '../../dns/providers/namecheap/provider.ts';
import type { Post } from '../../notify/post.ts';
import {
  type ApiSabotage,
  ControllerProcess,
  type ControllerProcessPorts,
  type OutsideWorld,
} from './controller-process.ts';
import { type Receiver, ReceiverConnection } from './receiver.ts';
import { type Registrar, RegistrarConnection } from './registrar.ts';

export interface Sabotage extends ApiSabotage {
  readonly registrar?: (api: NamecheapApi) => NamecheapApi;
  readonly post?: (post: Post) => Post;
}

export interface ReplicaPorts extends ControllerProcessPorts {
  readonly registrar: Registrar;
  readonly receiver: Receiver;
  readonly sabotage: Sabotage;
  readonly mayLead: (actor: string) => boolean;
  /** A call of the registrar; as CallHooks.onCall. */
  readonly onRegistrarCall: (actor: string, verb: string) => void;
}

/** One process of the controller, with its own ways to the servers. */
export class Replica extends ControllerProcess {
  readonly registrar: RegistrarConnection;
  readonly receiver: ReceiverConnection;

  constructor(identity: string, ports: ReplicaPorts) {
    super(identity, ports);
    const { clock, random, log, mayLead, sabotage } = ports;
    const way = { actor: identity, clock, process: this.process, mayLead };
    this.registrar = new RegistrarConnection(ports.registrar, {
      ...way,
      random: random.derive('registrar'),
      onCall: (verb) => ports.onRegistrarCall(identity, verb),
      onTrouble: (what) => log?.(`registrar ${what}`),
    });
    this.receiver = new ReceiverConnection(ports.receiver, {
      ...way,
      random: random.derive('receiver'),
      onTrouble: (what) => log?.(what),
    });
    const registrar = sabotage.registrar?.(this.registrar) ?? this.registrar;
    const world: OutsideWorld = {
      createProvider: (_config, providerPorts) =>
        Promise.resolve(new NamecheapProvider({ ...providerPorts, api: registrar })),
      post: sabotage.post?.(this.receiver.post) ?? this.receiver.post,
    };
    this.run(world, sabotage);
  }
}
