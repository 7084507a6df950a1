import type { DnsError } from '../../../dns/provider.ts';
import type { Host, HostList, NamecheapApi } from '../../../dns/providers/namecheap/api.ts';
import { saved } from './zones.ts';

/** The API with one zone, without HTTP and XML: it keeps what the fake of the whole API keeps, or fails as it is told. */
export class FakeNamecheapApi implements NamecheapApi {
  hosts: readonly Host[];
  failure: DnsError | undefined;

  /** Addresses by the name of their A record. */
  constructor(addresses: Readonly<Record<string, string>>) {
    const common = { type: 'A', mxPref: '10', ttl: '60', isActive: true, isDdnsEnabled: false };
    this.hosts = Object.entries(addresses).map(([name, address]) => ({ ...common, name, address }));
  }

  get addresses(): Record<string, string> {
    return Object.fromEntries(this.hosts.map(({ name, address }) => [name, address]));
  }

  getHosts(domain: string): Promise<HostList> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    return Promise.resolve({ domain, emailType: 'NONE', isUsingOurDns: true, hosts: this.hosts });
  }

  async setHosts(_zone: string, hosts: readonly Host[], emailType: string): Promise<void> {
    this.hosts = saved(hosts, emailType);
  }

  countHosts(): Promise<number> {
    return Promise.resolve(this.hosts.length);
  }
}
