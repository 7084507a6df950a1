/** Settings of each provider for the tests that go over all of them; each has its own in its folder. */
import { PROVIDER_NAMES, type ProviderName } from '../registry.ts';
import type { ProviderExamples } from './example.ts';

export async function examplesOf(provider: ProviderName): Promise<ProviderExamples> {
  const { EXAMPLES }: { readonly EXAMPLES: ProviderExamples } = await import(
    `../providers/${provider}/testing/examples.ts`
  );
  return EXAMPLES;
}

export const PROVIDER_EXAMPLES: ReadonlyMap<ProviderName, ProviderExamples> = new Map(
  await Promise.all(PROVIDER_NAMES.map(async (name) => [name, await examplesOf(name)] as const)),
);
