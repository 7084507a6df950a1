/** The contract of DNS providers, with each provider's peer. */

import { startCloudflareBench } from '../support/dns/cloudflare-bench.ts';
import { externalDnsBench } from '../support/dns/external-dns-bench.ts';
import { startMoto } from '../support/dns/moto-bench.ts';
import { nameServerBench } from '../support/dns/name-server-bench.ts';
import { startBind, startKnot } from '../support/dns/name-servers.ts';
import { startNamecheapBench } from '../support/dns/namecheap-bench.ts';
import { providerContract } from '../support/dns/provider-contract.ts';
import { startWebhookBench } from '../support/dns/webhook-bench.ts';
import { sharedControlPlane } from '../support/shared-control-plane.ts';

const plane = await sharedControlPlane();

providerContract('namecheap, a stand-in', startNamecheapBench);
providerContract('cloudflare, a stand-in', startCloudflareBench);
providerContract('route53, moto', startMoto);
providerContract('rfc2136, BIND 9', nameServerBench(startBind, 'hmac-sha256'));
providerContract('rfc2136, Knot', nameServerBench(startKnot, 'hmac-sha512'));
providerContract('webhook, a stand-in', startWebhookBench);
providerContract('external-dns, DNSEndpoint objects', externalDnsBench(plane));
