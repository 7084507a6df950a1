import { explain } from '../../runtime/explain.ts';
import { loadInjectorConfig } from '../../webhook/config.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import type { ManifestFormat } from '../manifests/format.ts';
import type { Result } from '../manifests/inject.ts';
import type { Terminal } from '../terminal.ts';
import { plain } from '../text/plain.ts';

export interface ManifestOptions {
  readonly filename: string;
  readonly output?: ManifestFormat;
  readonly image?: string;
  readonly controllerNamespace?: string;
}

export async function inject(terminal: Terminal, options: ManifestOptions): Promise<Outcome> {
  const { image, controllerNamespace } = options;
  const loaded = loadInjectorConfig({
    ...terminal.env,
    ...(image !== undefined && { SIDECAR_IMAGE: image }),
    ...(controllerNamespace !== undefined && { POD_NAMESPACE: controllerNamespace }),
  });
  if (!loaded.ok) throw new CommandError('usage', loaded.problems.join('\n'));
  const { injectManifests } = await import('../manifests/inject.ts');
  return convert(terminal, options, (text) => injectManifests(text, loaded.config, options.output));
}

export async function uninject(terminal: Terminal, options: ManifestOptions): Promise<Outcome> {
  const { uninjectManifests } = await import('../manifests/inject.ts');
  return convert(terminal, options, (text) => uninjectManifests(text, options.output));
}

async function convert(
  terminal: Terminal,
  { filename }: ManifestOptions,
  work: (text: string) => Result,
): Promise<Outcome> {
  const { output, notes } = await told(filename, async () => work(await terminal.read(filename)));
  for (const note of notes) terminal.err(`${plain(note)}\n`);
  if (output === undefined) return 'refused';
  terminal.out(output);
  return 'done';
}

async function told(filename: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw new CommandError('refused', `${filename}: ${explain(error)}`, error);
  }
}
