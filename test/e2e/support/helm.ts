import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';
import type { Settings } from './settings.ts';

const LIMIT_MS = 300_000;
export const RELEASE = 'kube-site-follower';
export const RELEASE_NAMESPACE = 'kube-site-follower';

/** How Helm writes: by server-side apply, as Helm 4 does by itself, or the way of Helm 3. */
export type Way = 'server-side' | 'client-side';

export class Helm {
  readonly #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  version(): Promise<string> {
    return this.#helm(['version', '--template', '{{.Version}}']);
  }

  /** The one command of the README. Does not wait for anything. */
  async install(values: object, way: Way): Promise<void> {
    await this.#withValues(values, (files) =>
      this.#helm(['install', RELEASE, this.#settings.chart, '--create-namespace', ...files, ...sideOf(way)]),
    );
  }

  /** Waits until the new replicas run in place of the old ones. */
  async upgrade(values: object, way: Way): Promise<void> {
    await this.#withValues(values, (files) =>
      this.#helm([
        'upgrade',
        RELEASE,
        this.#settings.chart,
        ...files,
        ...sideOf(way),
        '--wait',
        '--timeout=180s',
      ]),
    );
  }

  async rollback(revision: number, way: Way): Promise<void> {
    await this.#helm(['rollback', RELEASE, String(revision), ...sideOf(way), '--wait', '--timeout=180s']);
  }

  async uninstall(): Promise<void> {
    await this.#helm(['uninstall', RELEASE, '--wait', '--timeout=120s']);
  }

  /** Resolves when the release itself finds that it works. */
  async test(): Promise<void> {
    await this.#helm(['test', RELEASE, '--timeout=180s']);
  }

  /** What the release consists of, hooks left out. */
  manifest(): Promise<string> {
    return this.#helm(['get', 'manifest', RELEASE]);
  }

  /** The same, and its hooks. */
  async everything(): Promise<string> {
    return `${await this.manifest()}\n---\n${await this.#helm(['get', 'hooks', RELEASE])}`;
  }

  async revision(): Promise<number> {
    const [last] = JSON.parse(await this.#helm(['history', RELEASE, '--max=1', '-o', 'json'])) as {
      readonly revision: number;
    }[];
    return last?.revision ?? 0;
  }

  #helm(args: readonly string[]): Promise<string> {
    return run(this.#settings.helm, [...args, '-n', RELEASE_NAMESPACE], {
      timeoutMs: LIMIT_MS,
      env: { KUBECONFIG: this.#settings.kubeconfig },
    });
  }

  async #withValues<T>(values: object, use: (args: readonly string[]) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), 'e2e-values-'));
    const file = join(folder, 'values.yaml');
    await writeFile(file, JSON.stringify(values), { mode: 0o600 }); // JSON is YAML.
    const { values: own } = this.#settings;
    try {
      return await use(['-f', file, ...(own === undefined ? [] : ['-f', own])]);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}

function sideOf(way: Way): readonly string[] {
  return way === 'client-side' ? ['--server-side=false'] : [];
}
