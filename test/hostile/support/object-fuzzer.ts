import { ANNOTATIONS, LABELS, REPORT_CONFIGMAP, STATUS_CONFIGMAP } from '../../../contract/names.ts';
import { STATUS_KEYS } from '../../../contract/status.ts';
import type { KubeApi, KubeObject, Resource } from '../../../kubernetes/api.ts';
import { KubeError } from '../../../kubernetes/errors.ts';
import { CONFIG_MAPS, EVENTS, PODS, SERVICES } from '../../../kubernetes/resources.ts';
import { SeededRandom } from '../../support/random.ts';

const LANES = 4;
/** Of each kind; then they are written over. */
const NAMES = 20;
const LIMIT_MS = 20_000;
const RIGHT = ['true', 'false', 'default', 'copy', 'status', 'condition', 'kube-site-follower'];
const WRONG = [
  '',
  '__proto__',
  'constructor',
  '-1',
  '1e999',
  '9'.repeat(60),
  'null',
  '[]',
  '{"a":',
  '\u0000',
  '\u202e',
];
const LONG = ['['.repeat(100_000), '9'.repeat(200_000), `{"a":`.repeat(50_000), 'é'.repeat(100_000)];

type Fields = Readonly<Record<string, unknown>>;
interface Written {
  readonly resource: Resource;
  readonly object: KubeObject & Fields;
}

/** Writes what no program of ours would, under the names and labels that they look at, as far as the API server lets it. */
export class ObjectFuzzer {
  readonly report = { stored: 0, refused: 0 };
  readonly #api: KubeApi;
  readonly #namespace: string;
  readonly #seed: string;

  constructor(api: KubeApi, namespace: string, seed: string) {
    this.#api = api;
    this.#namespace = namespace;
    this.#seed = seed;
  }

  /** Until `abort` fires. */
  async run(abort: AbortSignal): Promise<void> {
    await Promise.all(
      Array.from({ length: LANES }, async (_, lane) => {
        // Each draws from a stream of its own, so that it writes the same again whatever the others do.
        const random = new SeededRandom(`${this.#seed}/objects/${lane}`);
        while (!abort.aborted) await this.#write(this.#draw(random), random.chance(0.3));
      }),
    );
  }

  async #write({ resource, object }: Written, deletes: boolean): Promise<void> {
    const limits = { timeoutMs: LIMIT_MS };
    const { name } = object.metadata;
    const key = { namespace: this.#namespace, name };
    try {
      const { metadata, ...rest } = object;
      const { labels, annotations } = metadata;
      await this.#api
        .create(resource, object, limits)
        .catch(() =>
          this.#api.patch(
            resource,
            key,
            { metadata: { labels, annotations }, ...rest },
            { type: 'merge', ...limits },
          ),
        );
      this.report.stored += 1;
      if (deletes) await this.#api.delete(resource, key, limits);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      this.report.refused += 1;
    }
  }

  #draw(random: SeededRandom): Written {
    const text = (): string => {
      if (random.chance(0.4)) return random.pick(RIGHT);
      return random.pick(random.chance(0.1) ? LONG : WRONG);
    };
    const texts = (keys: readonly string[]) =>
      Object.fromEntries(keys.filter(() => random.chance(0.5)).map((key) => [key, text()]));
    // A label that the API server refuses tries nobody else.
    const labels = Object.fromEntries(
      Object.values(LABELS)
        .filter(() => random.chance(0.5))
        .map((key) => [key, random.pick(RIGHT)]),
    );
    const metadata = {
      namespace: this.#namespace,
      name: `fuzz-${random.integer(1, NAMES)}`,
      labels,
      annotations: texts(Object.values(ANNOTATIONS)),
    };
    switch (random.integer(0, 3)) {
      case 0: {
        const name = random.pick([STATUS_CONFIGMAP, REPORT_CONFIGMAP, metadata.name]);
        return {
          resource: CONFIG_MAPS,
          object: { metadata: { ...metadata, name }, data: texts(STATUS_KEYS) },
        };
      }
      case 1:
        return {
          resource: SERVICES,
          object: { metadata, spec: { selector: texts(Object.values(LABELS)), ports: [{ port: 80 }] } },
        };
      case 2:
        return {
          resource: PODS,
          object: {
            metadata,
            spec: { containers: [{ name: random.pick(['web', 'site-follower']), image: 'web' }] },
          },
        };
      default:
        return {
          resource: EVENTS,
          object: {
            metadata,
            eventTime: new Date().toISOString().replace('Z', '000Z'),
            type: 'Warning',
            reason: 'Fuzzed',
            action: 'Fuzz',
            note: text().slice(0, 1_000),
            reportingController: 'example.com/fuzzer',
            reportingInstance: 'fuzzer',
            regarding: {
              apiVersion: 'v1',
              kind: 'ConfigMap',
              namespace: this.#namespace,
              name: STATUS_CONFIGMAP,
            },
          },
        };
    }
  }
}
