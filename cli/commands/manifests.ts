import { explain } from '../../runtime/explain.ts';
import { loadInjectorConfig } from '../../webhook/injector-config.ts';
import { CommandError, type Outcome } from '../exit-codes.ts';
import type { ManifestFormat } from '../manifests/format.ts';
import type { Rewritten } from '../manifests/inject.ts';
import type { Terminal } from '../terminal.ts';
import { plain } from '../text/plain.ts';
import { reported } from './reported.ts';

export interface ManifestOptions {
  readonly filename: readonly string[];
  readonly output?: ManifestFormat;
  readonly image?: string;
  readonly controllerNamespace?: string;
}

export const inject = reported(async (terminal: Terminal, options: ManifestOptions): Promise<Outcome> => {
  const { image, controllerNamespace } = options;
  const loaded = loadInjectorConfig({
    ...terminal.env,
    ...(image !== undefined && { SIDECAR_IMAGE: image }),
    ...(controllerNamespace !== undefined && { POD_NAMESPACE: controllerNamespace }),
  });
  if (!loaded.ok) throw new CommandError('usage', loaded.problems.join('\n'));
  const { injectManifests } = await import('../manifests/inject.ts');
  return convert(terminal, options, (text) => injectManifests(text, loaded.value, options.output));
});

export const uninject = reported(async (terminal: Terminal, options: ManifestOptions): Promise<Outcome> => {
  const { uninjectManifests } = await import('../manifests/inject.ts');
  return convert(terminal, options, (text) => uninjectManifests(text, options.output));
});

async function convert(
  terminal: Terminal,
  { filename: files }: ManifestOptions,
  work: (text: string) => Rewritten,
): Promise<Outcome> {
  const { output, notes } = await Promise.all(files.map((file) => terminal.read(file)))
    .then((texts) => work(joinFiles(texts)))
    .catch((error: unknown) => {
      throw new CommandError('refused', `${files.join(', ')}: ${explain(error)}`, error);
    });
  for (const note of notes) terminal.err(`${plain(note)}\n`);
  if (output === undefined) return 'refused';
  terminal.out(output);
  return 'done';
}

/** As one stream, in which each file begins a document of its own. */
function joinFiles([first = '', ...others]: readonly string[]): string {
  return others.reduce((joined, text) => {
    const end = joined === '' || joined.endsWith('\n') ? '' : '\n';
    return `${joined}${end}${separatorBefore(text)}${text.replace(/^\ufeff/, '')}`;
  }, first);
}

function separatorBefore(text: string): string {
  const [marker] = /^\ufeff?(?:---|%)/.exec(text) ?? [];
  if (marker?.endsWith('---')) return '';
  // A directive is only read as one behind the end of a document.
  return marker === undefined ? '---\n' : '...\n';
}
