/** To be imported by a test process, with the URL of light-client.ts as `?client=`: it loads that Kubernetes client. */
import { registerHooks } from 'node:module';

const url = new URL(import.meta.url).searchParams.get('client');
if (url === null) throw new Error('light-client-hook.ts?client= is missing');

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === '@kubernetes/client-node' ? { url, shortCircuit: true } : next(specifier, context),
});
