import type { Host, HostList, NamecheapApi } from '../../dns/namecheap/api.ts';
import type { DnsError } from '../../dns/provider.ts';

/** A zone at Namecheap without the network: it does what it is told, or fails as it is told. */
export class ZoneInMemory implements NamecheapApi {
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

  setHosts(_zone: string, hosts: readonly Host[]): Promise<void> {
    this.hosts = hosts;
    return Promise.resolve();
  }

  countHosts(): Promise<number> {
    return Promise.resolve(this.hosts.length);
  }
}
