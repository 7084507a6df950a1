import { Counter, Gauge, Histogram, Registry } from 'prom-client';

type Kind = 'gauge' | 'counter' | 'histogram';

/** One line of a program's table of metrics. */
export interface Definition<K extends Kind = Kind, L extends string = string> {
  readonly kind: K;
  readonly name: string;
  readonly help: string;
  readonly labels: readonly L[];
  /** Upper bounds, for a histogram. */
  readonly buckets: readonly number[];
}

/** What makes the lines of a table; all names in it begin with `prefix`. */
export function metricsTable(prefix: string) {
  function define<K extends Kind, L extends string>(
    kind: K,
    name: string,
    help: string,
    labels: readonly L[],
    buckets: readonly number[] = [],
  ): Definition<K, L> {
    return { kind, name: `${prefix}${name}`, help, labels, buckets };
  }
  return {
    gauge: <L extends string = never>(name: string, help: string, labels: readonly L[] = []) =>
      define('gauge', name, help, labels),
    counter: <L extends string = never>(name: string, help: string, labels: readonly L[] = []) =>
      define('counter', name, help, labels),
    histogram: <L extends string = never>(
      name: string,
      help: string,
      buckets: readonly number[],
      labels: readonly L[] = [],
    ) => define('histogram', name, help, labels, buckets),
  };
}

const ofProcess = metricsTable('process_');

/** What every process has, by the names that dashboards know. */
export const PROCESS_METRICS = {
  memory: ofProcess.gauge('resident_memory_bytes', 'Resident memory of the process.'),
  cpu: ofProcess.counter('cpu_seconds_total', 'Processor time that the process has used.'),
  startTime: ofProcess.gauge('start_time_seconds', 'When the process started.'),
};

type Instrument<D> =
  D extends Definition<'gauge', infer L>
    ? Gauge<L>
    : D extends Definition<'counter', infer L>
      ? Counter<L>
      : D extends Definition<'histogram', infer L>
        ? Histogram<L>
        : never;

export type Instruments<T> = { readonly [K in keyof T]: Instrument<T[K]> } & {
  /** The text that a Prometheus server reads. */
  expose(): Promise<string>;
};

/** What every table has. */
type BaseTable = typeof PROCESS_METRICS & { readonly buildInfo: Definition<'gauge', 'version' | 'node'> };

/** Fresh instruments with a registry of their own, so that several programs can run in one process. */
export function createInstruments<T extends BaseTable>(table: T, version: string): Instruments<T> {
  const registry = new Registry();
  const created = Object.entries<Definition>(table).map(([key, definition]) => [
    key,
    create(definition, registry),
  ]);
  const instruments = Object.fromEntries(created) as { readonly [K in keyof T]: Instrument<T[K]> };
  const { buildInfo, memory, cpu, startTime } = instruments as {
    readonly [K in keyof BaseTable]: Instrument<BaseTable[K]>;
  };
  buildInfo.set({ version, node: process.version }, 1);
  startTime.set(performance.timeOrigin / 1000);
  return {
    ...instruments,
    expose() {
      memory.set(process.memoryUsage.rss());
      const { user, system } = process.cpuUsage();
      cpu.reset();
      cpu.inc((user + system) / 1e6);
      return registry.metrics();
    },
  };
}

function create(definition: Definition, registry: Registry): Gauge | Counter | Histogram {
  const { kind, name, help, labels, buckets } = definition;
  const options = { name, help, labelNames: labels, registers: [registry] };
  switch (kind) {
    case 'gauge':
      return new Gauge(options);
    case 'counter':
      return new Counter(options);
    case 'histogram':
      return new Histogram({ ...options, buckets: [...buckets] });
  }
}
