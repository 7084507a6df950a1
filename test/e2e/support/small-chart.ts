/** A chart of a few objects, as users have them; `{{ .Values.round }}` in them tells one upgrade from the next. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';
import type { Settings } from './settings.ts';

export interface ChartOptions {
  readonly name: string;
  readonly namespace: string;
  readonly timeoutMs: number;
}

export class SmallChart {
  readonly #settings: Settings;
  readonly #folder: string;
  readonly #options: ChartOptions;

  /** Written to a folder of its own in `folder`. */
  constructor(settings: Settings, folder: string, options: ChartOptions) {
    this.#settings = settings;
    this.#options = options;
    this.#folder = join(folder, options.name);
  }

  async install(objects: readonly object[], args: readonly string[]): Promise<void> {
    await mkdir(join(this.#folder, 'templates'), { recursive: true });
    const about = { apiVersion: 'v2', name: 'small', version: '0.0.1' };
    await writeFile(join(this.#folder, 'Chart.yaml'), JSON.stringify(about));
    const templates = objects.map((object) => JSON.stringify(object)).join('\n---\n');
    await writeFile(join(this.#folder, 'templates/all.yaml'), templates);
    await this.#helm(['install', this.#options.name, this.#folder, ...round(1), ...args]);
  }

  async upgrade(number: number, args: readonly string[]): Promise<void> {
    await this.#helm(['upgrade', this.#options.name, this.#folder, ...round(number), ...args]);
  }

  async rollback(args: readonly string[]): Promise<void> {
    await this.#helm(['rollback', this.#options.name, ...args]);
  }

  async uninstall(): Promise<void> {
    await this.#helm(['uninstall', this.#options.name, '--ignore-not-found']);
  }

  #helm(args: readonly string[]): Promise<string> {
    const { helm, kubeconfig } = this.#settings;
    const { namespace, timeoutMs } = this.#options;
    return run(helm, [...args, '-n', namespace], { timeoutMs, env: { KUBECONFIG: kubeconfig } });
  }
}

function round(number: number): readonly string[] {
  return ['--set-string', `round=${number}`];
}
