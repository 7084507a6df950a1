import type { KubeApi, KubeObject, List, ListOptions, Resource, WatchEvent, WatchOptions } from '../api.ts';

/** A watch whose events the test sends by hand. */
export class FakeWatch implements AsyncIterable<WatchEvent<KubeObject>> {
  readonly options: WatchOptions;
  readonly #events: WatchEvent<KubeObject>[] = [];
  #ending: { readonly error?: unknown } | undefined;
  #wake: () => void = () => undefined;

  constructor(options: WatchOptions) {
    this.options = options;
    options.abort?.addEventListener('abort', () => this.fail(options.abort?.reason), { once: true });
  }

  get isOpen(): boolean {
    return this.#ending === undefined;
  }

  send(type: WatchEvent<KubeObject>['type'], object: KubeObject): void {
    this.#events.push({ type, object });
    this.#wake();
  }

  end(): void {
    this.#ending ??= {};
    this.#wake();
  }

  fail(error: unknown): void {
    this.#ending ??= { error };
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchEvent<KubeObject>, void> {
    for (;;) {
      for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) yield event;
      if (this.#ending?.error !== undefined) throw this.#ending.error;
      if (this.#ending !== undefined) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** So that a loop that runs hot ends in a failed test, and not in one that never ends. */
const TOO_MANY = 2_000;

/** Lists and watches as the test says; nothing else. */
export class FakeApi implements KubeApi {
  /** Answers the next lists. */
  onList: (options: ListOptions) => List<KubeObject> | Promise<List<KubeObject>> = () => page([], '1');
  /** Called with each new watch, before it is read. */
  onWatch: (watch: FakeWatch) => void = () => undefined;
  readonly lists: ListOptions[] = [];
  readonly watches: FakeWatch[] = [];

  async list<T extends KubeObject>(_resource: Resource<T>, options: ListOptions = {}): Promise<List<T>> {
    this.lists.push(options);
    if (this.lists.length > TOO_MANY) return hang(options);
    return (await this.onList(options)) as List<T>;
  }

  watch<T extends KubeObject>(_resource: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
    const watch = new FakeWatch(options);
    this.watches.push(watch);
    if (this.watches.length <= TOO_MANY) this.onWatch(watch);
    return watch as AsyncIterable<WatchEvent<KubeObject>> as AsyncIterable<WatchEvent<T>>;
  }

  get lastWatch(): FakeWatch {
    const watch = this.watches.at(-1);
    if (watch === undefined) throw new Error('nothing is watched yet');
    return watch;
  }

  get: KubeApi['get'] = refuse;
  create: KubeApi['create'] = refuse;
  replace = refuse;
  patch = refuse;
  delete = refuse;
}

export function page(items: readonly KubeObject[], resourceVersion: string, next?: string): List<KubeObject> {
  return { items, resourceVersion, ...(next === undefined ? {} : { continue: next }) };
}

export function node(name: string, resourceVersion: string): KubeObject {
  return { metadata: { name, resourceVersion } };
}

/** A call that gets no answer before `abort` fires. */
export function hang(options: { readonly abort?: AbortSignal }): Promise<never> {
  return new Promise((_resolve, reject) => {
    options.abort?.addEventListener('abort', () => reject(options.abort?.reason as Error), { once: true });
  });
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('the test did not expect this call'));
}
