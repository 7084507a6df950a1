/** What clients got while something happened, judged and drawn. */
import assert from 'node:assert/strict';
import type { Clients } from './clients.ts';
import { FAILOVER_MS, REJOIN_MS } from './limits.ts';
import { panelOf } from './panel.ts';
import type { Recorder } from './recorder.ts';
import { answeredAfter, judge, sayJudgement, type Window } from './requests.ts';
import type { Results } from './results.ts';
import { WAY_NAMES, WAYS, type Way } from './workload.ts';

/** Until kube-proxy has written its rules, endpoints that changed go on counting: a second as it is set, and as much again. */
const PROXY_MS = 2_000;
/**
 * Linux keeps the address that a Service was translated to for as long after a SYN that nobody answered
 * (nf_conntrack_tcp_timeout_syn_sent), and a new connection that happens to have the same ports goes there.
 */
const CONNTRACK_MS = 120_000;

export interface Incident {
  /** For the table and the picture. */
  readonly title: string;
  /** Milliseconds since 1970; default: now. */
  readonly from: number;
  /** Zero of the picture; default: the last move since `from`, or `from`. */
  readonly zero?: number;
  /** Standby sites may answer then, as the title explains; `way`: by that Service alone. */
  readonly windows?: readonly (Window & { readonly way?: Way })[];
  /** This site cannot hear of anything then: what its own client gets is told apart. */
  readonly isolated?: string;
  /** Seconds around its last move that the picture shows; default: all of it. */
  readonly shown?: number;
}

export interface Return {
  readonly title: string;
  readonly site: string;
  readonly node: string;
  /** Milliseconds since 1970: when it was lost, and when it was there again. */
  readonly from: number;
  readonly backAt: number;
}

export interface IncidentsPorts {
  /** Node names by site. */
  readonly sites: ReadonlyMap<string, readonly string[]>;
  readonly clients: Clients;
  readonly recorder: Recorder;
  readonly results: Results;
  /** Resolves when everything says what the Cluster says. */
  readonly settled: (timeoutMs: number) => Promise<void>;
}

export class Incidents {
  readonly #ports: IncidentsPorts;
  /** Windows that go on after the case that opened them. */
  readonly #lasting: Window[] = [];

  constructor(ports: IncidentsPorts) {
    this.#ports = ports;
  }

  /** Judges what the clients got since then, tells it, and draws it. */
  async told({ title, from, zero, windows = [], isolated, shown }: Incident): Promise<void> {
    const to = Date.now();
    const { recorder, clients, results, sites } = this.#ports;
    await clients.collect();
    const turns = recorder.timeline.marks('primary').map(({ at, value }) => ({ at, site: value }));
    const moves = recorder.moves.filter(({ at }) => at >= from - 60_000);
    const last = recorder.moves.findLast(({ at }) => at >= from);
    const begin = zero ?? last?.at ?? from;
    const misrouted: string[] = [];
    for (const way of WAY_NAMES) {
      const failover = moves.map(({ at, routedAt, from: site }) => ({
        from: at,
        to: (routedAt[way] ?? to) + PROXY_MS,
        sites: [site],
        why: 'failover',
      }));
      const shut = moves.map(({ routedAt, from: site }, index) => ({
        from: routedAt[way] ?? to,
        to: moves[index + 1]?.at ?? to,
        sites: [site],
        why: 'kube-proxy has yet to follow',
      }));
      for (const site of sites.keys()) {
        const requests = clients.between(site, way, from, to);
        if (requests.length === 0) continue;
        const allowed = windows.filter((window) => (window.way ?? way) === way);
        const found = judge(requests, turns, [...failover, ...allowed, ...this.#lasting]);
        const apart = site === isolated;
        const who = `${WAYS[way].title}, client in ${site}`;
        const after = answeredAfter(requests, shut);
        const name = `${title}: ${who}${apart ? ' (the lost site itself)' : ''}`;
        results.row(name, sayJudgement(found, after));
        results.keep(name, { ...found, after, misrouted: found.misrouted.slice(0, 50) });
        if (found.misrouted.length > 0 && !apart) {
          misrouted.push(`${who}: ${JSON.stringify(found.misrouted.slice(0, 5))}`);
        }
      }
    }
    const extent =
      shown === undefined ? { from, to } : { from: begin - shown * 1_000, to: begin + shown * 1_000 };
    results.panel(panelOf(this.#ports, title, { zero: begin, ...extent }));
    assert.deepEqual(misrouted, [], 'a pod on a standby site got a request outside the failover window');
  }

  /** A lost site is there again from `backAt` on: everything on it follows, and only then does it count as standby. */
  async returned({ title, site, node, from, backAt }: Return): Promise<void> {
    const { recorder, results, settled } = this.#ports;
    const nodeIsReady = () => recorder.timeline.marks(`node ${node}`).at(-1)?.value === 'Ready' || undefined;
    await recorder.until(`node ${node} is ready again`, nodeIsReady, FAILOVER_MS);
    await settled(REJOIN_MS);
    const settledAt = Date.now();
    const conntrack = { from: backAt, to: backAt + CONNTRACK_MS, sites: [site], why: 'conntrack' };
    this.#lasting.push(conntrack);
    const windows = WAY_NAMES.map((way) => {
      const { ms, until } = this.leak(way, site, backAt, settledAt);
      results.row(`${title}: ${WAYS[way].title}, its pods listed as ready after the return`, `${ms} ms`);
      return { way, from: backAt, to: (until ?? backAt) + PROXY_MS, sites: [site], why: 'return of a site' };
    });
    results.row(
      `${title}: everything as before`,
      `${((settledAt - backAt) / 1_000).toFixed(1)} s after the return`,
    );
    await this.told({ title, from, windows, isolated: site });
  }

  /** For how long this Service listed pods of a site as ready, and until when. */
  leak(
    service: string,
    site: string,
    from: number,
    to: number,
  ): { readonly ms: number; readonly until?: number } {
    const spans = this.#ports.recorder.timeline
      .spans(`${service} ${site}`, from, to)
      .filter(({ value }) => value !== '0');
    const ms = Math.round(spans.reduce((sum, span) => sum + span.to - span.from, 0));
    const last = spans.at(-1);
    return { ms, ...(last !== undefined && { until: last.to }) };
  }
}
