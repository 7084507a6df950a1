import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { kubernetesClientParts } from '../../scripts/kubernetes-client-parts.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MADE_FROM = ['scripts/kubernetes-client-parts.ts', 'node_modules/@kubernetes/client-node/package.json'];

/**
 * What the shipped bundles have of the Kubernetes client, as a module for test processes: with all the models that it
 * generates each of them would take half a second longer to start. Gives its URL.
 */
export async function lightClient(): Promise<string> {
  const sources = await Promise.all(MADE_FROM.map((file) => readFile(join(ROOT, file))));
  const key = createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 16);
  const file = join(ROOT, 'node_modules', '.cache', `kubernetes-client-${key}.mjs`);
  if (!existsSync(file)) await bundle(file);
  return pathToFileURL(file).href;
}

/** Others may be doing the same, or be reading it already. */
async function bundle(file: string): Promise<void> {
  const { outputFiles } = await build({
    stdin: { contents: "export { KubeConfig } from '@kubernetes/client-node';", resolveDir: ROOT },
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['undici'],
    plugins: [kubernetesClientParts()],
    write: false,
  });
  await mkdir(dirname(file), { recursive: true });
  const unfinished = `${file}.${process.pid}`;
  await writeFile(unfinished, outputFiles[0]?.contents ?? '');
  await rename(unfinished, file);
}
