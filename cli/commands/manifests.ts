import { explain } from '../../kubernetes/errors.ts';
import { loadInjectorConfig } from '../../webhook/config.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import { injectManifests, type Result, uninjectManifests } from '../manifests/inject.ts';
import type { Terminal } from '../terminal.ts';

export interface ManifestOptions {
  readonly filename: string;
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
  return convert(terminal, options, (text) => injectManifests(text, loaded.config));
}

export async function uninject(terminal: Terminal, options: ManifestOptions): Promise<Outcome> {
  return convert(terminal, options, uninjectManifests);
}

function convert(terminal: Terminal, { filename }: ManifestOptions, work: (text: string) => Result): Outcome {
  const { output, notes } = told(filename, () => work(terminal.read(filename)));
  for (const note of notes) terminal.err(`${note}\n`);
  if (output === undefined) return 'refused';
  terminal.out(output);
  return 'done';
}

function told(filename: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw new CommandError('refused', `${filename}: ${explain(error)}`, error);
  }
}
