/** The calls of Route 53 that DNS needs. All fail with DnsError or with the reason of `abort`. */
import {
  type $Command,
  type Change as ApiChange,
  ChangeResourceRecordSetsCommand,
  GetChangeCommand,
  GetHostedZoneCommand,
  type HostedZone,
  ListHostedZonesByNameCommand,
  type ListHostedZonesByNameCommandInput,
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsCommandInput,
  type ResourceRecordSet,
  Route53Client,
  type Route53ClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-route-53';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { withDeadline } from '../../../runtime/clock.ts';
import type { CallPurpose } from '../../calls/call-shares.ts';
import { LIST_TIMEOUT_MS, type LimitedHttpPorts } from '../../calls/http-call.ts';
import { ListSize } from '../../calls/list-size.ts';
import { RateLimiter, type RateLimits } from '../../calls/rate-limiter.ts';
import { unanswered } from '../../calls/unanswered.ts';
import { hostInZone } from '../../zones.ts';
import { checkAnswers } from './answers.ts';
import { answerError, apiError, areNotTaken, changeError } from './errors.ts';
import { plainName } from './records.ts';
import { requestHandler } from './request-handler.ts';
import type { Route53Config } from './settings.ts';

/** An account may make ten calls a second (five until July 2026), whatever programs make them. */
const LIMITS: RateLimits = {
  provider: 'Route 53',
  windows: [
    { ms: 1_000, calls: 4 },
    { ms: 300_000, calls: 900 },
  ],
  idleShare: 1 / 3,
  // A zone is read and written.
  moveCalls: 2,
  writes: { ms: 10_000, calls: 5 },
};
/** The API is a global one, but its signatures name a region. */
const HOME_REGION = 'us-east-1';
/** Of the usual partition; others have proxies like it. */
const USUAL_URL = 'https://route53.amazonaws.com';
const TIMEOUT_MS = 20_000;
const ZONES_A_PAGE = 100;
/** The most that the API gives. */
const SETS_A_PAGE = 300;
/** 60,000 sets; a zone has 10,000 at most unless its quota was raised. */
const MAX_PAGES = 200;
const TOO_MANY = 'its pages have more than any zone has';

interface ZonePage {
  readonly zones: readonly HostedZone[];
  /** Where the next one begins. */
  readonly next?: Partial<ListHostedZonesByNameCommandInput>;
}

interface RecordPage {
  readonly sets: readonly ResourceRecordSet[];
  /** Where the next one begins. */
  readonly next?: Partial<ListResourceRecordSetsCommandInput>;
}

/** An empty variable counts as unset, as for other programs of AWS. */
export function regionOf(env: Readonly<Record<string, string | undefined>>): string {
  const [region] = [env.AWS_REGION, env.AWS_DEFAULT_REGION].flatMap((text) => text?.trim() || []);
  return region ?? HOME_REGION;
}

export class Route53Api {
  #client: Route53Client;
  readonly #apiUrl: string | undefined;
  readonly #ports: LimitedHttpPorts;
  readonly #url: URL;
  readonly limiter: RateLimiter;

  constructor({ apiUrl }: Route53Config, ports: LimitedHttpPorts) {
    this.#ports = ports;
    this.#apiUrl = apiUrl;
    this.#url = new URL(apiUrl ?? USUAL_URL);
    this.limiter = new RateLimiter(ports.clock, LIMITS, ports.limiters.of(this.#url.href, LIMITS));
    this.#client = this.#newClient();
  }

  /** The SDK keeps credentials until they end, those without an end for ever, and so it keeps the files that it has read. */
  #newClient(): Route53Client {
    const handler = requestHandler(this.#ports.dispatcher);
    const client = new Route53Client({
      // The SDK itself would have SSO asked by a client of its own.
      credentials: defaultProvider({ clientConfig: { requestHandler: handler }, ignoreCache: true }),
      region: regionOf(process.env),
      // What is tried again, and when, is decided by who calls.
      maxAttempts: 1,
      requestHandler: handler,
      ...(this.#apiUrl !== undefined && { endpoint: this.#apiUrl }),
    });
    checkAnswers(client);
    return client;
  }

  async zone(id: string, abort: AbortSignal): Promise<HostedZone | undefined> {
    const command = new GetHostedZoneCommand({ Id: id });
    const { HostedZone: zone } = await this.#call(`the hosted zone ${id}`, command, abort);
    return zone;
  }

  /** All hosted zones of the account, private and public ones; undefined if there are more pages. */
  async allZones(mostPages: () => number, abort: AbortSignal): Promise<readonly HostedZone[] | undefined> {
    const found: HostedZone[] = [];
    let next: Partial<ListHostedZonesByNameCommandInput> | undefined = {};
    for (let page = 1; next !== undefined; page += 1) {
      if (page > Math.min(mostPages(), MAX_PAGES)) return undefined;
      const answer: ZonePage = await this.#zonePage('the hosted zones of the account', next, abort);
      found.push(...answer.zones);
      next = answer.next;
    }
    return found;
  }

  /** The hosted zones of this name, private and public ones. */
  async zonesNamed(name: string, abort: AbortSignal): Promise<readonly HostedZone[]> {
    // The list begins with this name and goes on with others.
    const command = new ListHostedZonesByNameCommand({ DNSName: name, MaxItems: ZONES_A_PAGE });
    const { HostedZones: zones = [] } = await this.#call(`the hosted zones ${name}`, command, abort);
    return zones.filter((zone) => plainName(zone.Name ?? '') === name);
  }

  /** Of `name` and what is below it, private and public ones. */
  async zonesWithin(name: string, abort: AbortSignal): Promise<readonly HostedZone[]> {
    const found: HostedZone[] = [];
    const isWithin = (zone: HostedZone | undefined) =>
      hostInZone(plainName(zone?.Name ?? ''), name) !== undefined;
    let next: Partial<ListHostedZonesByNameCommandInput> | undefined = { DNSName: name };
    for (let page = 1; page <= MAX_PAGES && next !== undefined; page += 1) {
      const answer: ZonePage = await this.#zonePage(`the hosted zones of ${name}`, next, abort);
      found.push(...answer.zones.filter(isWithin));
      // They are sorted by their labels from the right, so those below a zone come right after it.
      next = isWithin(answer.zones.at(-1)) ? answer.next : undefined;
    }
    return found;
  }

  async #zonePage(
    what: string,
    from: Partial<ListHostedZonesByNameCommandInput>,
    abort: AbortSignal,
  ): Promise<ZonePage> {
    const command = new ListHostedZonesByNameCommand({ ...from, MaxItems: ZONES_A_PAGE });
    const answer = await this.#call(what, command, abort);
    const { HostedZones: zones = [], IsTruncated, NextDNSName, NextHostedZoneId } = answer;
    if (IsTruncated !== true) return { zones };
    return { zones, next: { DNSName: NextDNSName, HostedZoneId: NextHostedZoneId } };
  }

  /** All record sets of the zone; undefined when they have more pages. */
  async zoneRecords(
    { Id: zoneId = '', Name = '', ResourceRecordSetCount: count = 0 }: HostedZone,
    mostPages: number,
    abort: AbortSignal,
    purpose: CallPurpose,
  ): Promise<readonly ResourceRecordSet[] | undefined> {
    // The count may be an old one, and not every answer has it.
    const most = Math.min(mostPages, MAX_PAGES);
    if (count > most * SETS_A_PAGE) return undefined;
    const found: ResourceRecordSet[] = [];
    const size = new ListSize();
    let next: Partial<ListResourceRecordSetsCommandInput> | undefined = {};
    for (let page = 1; page <= most && next !== undefined; page += 1) {
      const answer: RecordPage = await this.#page(plainName(Name), zoneId, next, abort, purpose);
      if (!size.take(answer.sets)) throw answerError(`the records of ${plainName(Name)}`, TOO_MANY);
      found.push(...answer.sets);
      next = answer.next;
    }
    return next === undefined ? found : undefined;
  }

  /** All record sets of one name. */
  async records(
    zoneId: string,
    name: string,
    abort: AbortSignal,
    purpose: CallPurpose,
  ): Promise<readonly ResourceRecordSet[]> {
    const found: ResourceRecordSet[] = [];
    const size = new ListSize();
    let next: Partial<ListResourceRecordSetsCommandInput> | undefined = { StartRecordName: name };
    while (next !== undefined) {
      const answer: RecordPage = await this.#page(name, zoneId, next, abort, purpose);
      const own = answer.sets.filter((set) => plainName(set.Name ?? '') === name);
      if (!size.take(own)) throw answerError(`the records of ${name}`, TOO_MANY);
      found.push(...own);
      // The list is sorted by name and goes on with other names.
      next = own.length < answer.sets.length ? undefined : answer.next;
    }
    return found;
  }

  async #page(
    name: string,
    zoneId: string,
    from: Partial<ListResourceRecordSetsCommandInput>,
    abort: AbortSignal,
    purpose: CallPurpose,
  ): Promise<RecordPage> {
    const command = new ListResourceRecordSetsCommand({
      HostedZoneId: zoneId,
      MaxItems: SETS_A_PAGE,
      ...from,
    });
    const answer = await this.#call(`the records of ${name}`, command, abort, purpose);
    const { ResourceRecordSets: sets = [], IsTruncated, ...rest } = answer;
    if (IsTruncated !== true) return { sets };
    const next = {
      StartRecordName: rest.NextRecordName,
      StartRecordType: rest.NextRecordType,
      StartRecordIdentifier: rest.NextRecordIdentifier,
    };
    return { sets, next };
  }

  /** The id of the change. `mayWrite` throws when it may not any more; it is asked right before the call. */
  async change(
    zone: string,
    zoneId: string,
    changes: readonly ApiChange[],
    mayWrite: () => void,
    abort: AbortSignal,
  ): Promise<string | undefined> {
    const command = new ChangeResourceRecordSetsCommand({
      HostedZoneId: zoneId,
      ChangeBatch: { Comment: 'kube-site-follower', Changes: [...changes] },
    });
    try {
      const answer = await this.#call(`the change of ${zone}`, command, abort, 'write', mayWrite);
      return answer.ChangeInfo?.Id;
    } catch (error) {
      throw changeError(error);
    }
  }

  /** Whether a change has reached all name servers. */
  async isInSync(changeId: string, abort: AbortSignal): Promise<boolean> {
    const command = new GetChangeCommand({ Id: changeId });
    const answer = await this.#call('the state of a change', command, abort, 'look');
    return answer.ChangeInfo?.Status === 'INSYNC';
  }

  /** `before` runs right before the call, and may throw. */
  #call<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    what: string,
    command: $Command<I, O, Route53ClientResolvedConfig, ServiceInputTypes, ServiceOutputTypes>,
    abort: AbortSignal,
    purpose: CallPurpose = 'find',
    before: () => void = () => undefined,
  ): Promise<O> {
    const limitMs = purpose === 'find' ? LIST_TIMEOUT_MS : TIMEOUT_MS;
    return this.limiter.call(abort, purpose, async () => {
      before();
      try {
        return await withDeadline(this.#ports.clock, limitMs, abort, what, (abortSignal) =>
          this.#client.send(command, { abortSignal }),
        );
      } catch (error) {
        abort.throwIfAborted();
        const told = apiError(what, error, () => unanswered(what, error, this.#ports.dispatcher, this.#url));
        if (areNotTaken(told)) this.#client = this.#newClient(); // There may be others by now.
        throw told;
      }
    });
  }
}
