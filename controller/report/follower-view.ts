import { decodeStatus, type Status } from '../../contract/status.ts';
import type { ObjectKey } from '../../kubernetes/api.ts';
import type { Reflector } from '../../kubernetes/reflector.ts';
import { CONFIG_MAPS, type ConfigMap } from '../../kubernetes/resources.ts';
import { RIGHTS_SECTION } from '../../runtime/rights.ts';
import { SITES_SECTION } from '../sites/site-nodes.ts';
import { LastPublished } from '../status/last-published.ts';
import { reflect, type WatchPorts } from '../watch/reflect.ts';

/** One follower as `/api/status` shows it. The sections of the report stand beside the status as they are stored. */
export interface FollowerView {
  readonly name: string;
  readonly status: Status | undefined;
  readonly report: Readonly<Record<string, unknown>>;
}

/**
 * What is published, read back from the two ConfigMaps; so a standby replica shows the same as the leader.
 */
export class FollowerWatch {
  readonly name: string;
  /** Of the status, while this process lives. */
  readonly lastPublished: LastPublished;
  readonly #status: Reflector<ConfigMap, ConfigMap>;
  readonly #report: Reflector<ConfigMap, ConfigMap>;

  constructor(
    ports: WatchPorts,
    name: string,
    maps: { status: Required<ObjectKey>; report: Required<ObjectKey> },
    onChange: () => void,
  ) {
    this.name = name;
    this.lastPublished = new LastPublished(ports.clock);
    const of = ({ name, namespace }: Required<ObjectKey>, onNews: () => void) =>
      reflect(ports, {
        resource: CONFIG_MAPS,
        namespace,
        fieldSelector: `metadata.name=${name}`,
        transform: (object: ConfigMap) => object,
        onChange: onNews,
      });
    this.#status = of(maps.status, () => {
      this.lastPublished.note(this.#published);
      onChange();
    });
    this.#report = of(maps.report, onChange);
  }

  /** Follows both until `abort` fires. */
  async run(abort: AbortSignal): Promise<void> {
    await Promise.all([this.#status.run(abort), this.#report.run(abort)]);
  }

  /** Milliseconds since the API server was last heard of. */
  age(): number {
    return Math.max(this.#status.lastContact(), this.#report.lastContact());
  }

  snapshot(): FollowerView {
    const [report] = this.#report.list();
    const sections = Object.entries(report?.data ?? {})
      // What the program may do is for those who may read the ConfigMap, and for no page; the status has the sites.
      .filter(([key]) => key !== RIGHTS_SECTION && key !== SITES_SECTION)
      .map(([key, text]) => [key, jsonOrText(text)]);
    return { name: this.name, status: this.#published, report: Object.fromEntries(sections) };
  }

  get #published(): Status | undefined {
    const [status] = this.#status.list();
    return decodeStatus(status?.data);
  }
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // Edited by hand: shown as it is.
  }
}
