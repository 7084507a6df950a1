/**
 * A door before moto that answers what moto leaves out: wrong credentials, throttling, changes that are under way, zones below
 * a zone, creation of what is there, and IAM Identity Center, which changes the token of a login for credentials.
 */
import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { plainName } from '../../../dns/providers/route53/records.ts';
import { type Ends, passOn, serveOnLoopback } from '../loopback.ts';

const NAMESPACE = 'https://route53.amazonaws.com/doc/2013-04-01/';
const CHANGE_PATH = /^\/2013-04-01\/change\/([^/?]+)/;

const CHANGES_PATH = /^\/2013-04-01\/hostedzone\/[^/]+\/rrset\/?$/;
const CHANGE = /<Action>(\w+)<\/Action><ResourceRecordSet><Name>([^<]*)<\/Name><Type>(\w+)<\/Type>/g;
const SSO_PATH = '/federation/credentials?';
const roleCredentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'example',
  sessionToken: 'session',
  expiration: Date.now() + 3_600_000,
};

export interface Door {
  readonly url: string;
  /** How many calls there were. */
  calls(): number;
  /** How often a role was asked for. */
  assumedRoles(): number;
  /** The next call, and only that. */
  refuseOnce(status: number, code: string, message: string): void;
  refuseAll(status: number, code: string, message: string): void;
  /** Changes are PENDING from now on, or what moto says again. */
  hold(pending: boolean): void;
}

/** Passes everything else on to `port`. */
export async function startDoor(ends: Ends, port: number): Promise<Door> {
  let always: (() => Answer) | undefined;
  let once: (() => Answer) | undefined;
  let isHolding = false;
  let roles = 0;
  let calls = 0;
  let lastWrite: Promise<unknown> = Promise.resolve();
  const server = createServer((incoming, outgoing) => {
    const { headers } = incoming;
    // With a name moto lists that one zone; the API begins there, and goes on with what is below it.
    const path = (incoming.url ?? '').replace(/(hostedzonesbyname\?(?:.*&)?)dnsname=[^&]*/, '$1');
    calls += 1;
    const refusal = once ?? always;
    once = undefined;
    const [, changeId] = CHANGE_PATH.exec(path) ?? [];
    if (path === '/') roles += 1; // Route 53 has paths; STS has none.
    const own = refusal?.() ?? (isHolding && changeId !== undefined ? pending(changeId) : undefined);
    if (path.startsWith(SSO_PATH)) {
      outgoing
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ roleCredentials }));
      return;
    }
    if (own !== undefined) {
      incoming.resume();
      send(outgoing, own);
      return;
    }
    if (!CHANGES_PATH.test(path)) return passOn(incoming, outgoing, { port, path });
    const change = async () => {
      const body = await text(incoming);
      const twice = await alreadyThere(`http://127.0.0.1:${port}${path}`, headers.authorization ?? '', body);
      if (twice === undefined) passOn(incoming, outgoing, { port, path, body });
      else send(outgoing, problem(400, 'InvalidChangeBatch', twice));
    };
    // One batch after another, as the API makes them.
    const before = lastWrite;
    lastWrite = new Promise((resolve) => outgoing.once('close', resolve));
    void before.then(change);
  });
  return {
    url: `http://127.0.0.1:${await serveOnLoopback(ends, server)}`,
    calls: () => calls,
    assumedRoles: () => roles,
    refuseOnce: (...refusal) => {
      once = () => problem(...refusal);
    },
    refuseAll: (...refusal) => {
      always = () => problem(...refusal);
    },
    hold: (held) => {
      isHolding = held;
    },
  };
}

/** moto makes a set beside one of the same name and type; the API refuses the batch. */
async function alreadyThere(url: string, authorization: string, body: string): Promise<string | undefined> {
  const changes = [...body.matchAll(CHANGE)].map(([, action, name = '', type = '']) => ({
    action,
    name: plainName(name),
    type,
  }));
  for (const { action, name, type } of changes) {
    const isReplaced = changes.some(
      (one) => one.action === 'DELETE' && one.name === name && one.type === type,
    );
    if (action !== 'CREATE' || isReplaced) continue;
    const page = await fetch(`${url}?name=${encodeURIComponent(name)}&type=${type}&maxitems=1`, {
      headers: { authorization },
    });
    const [, found = '', foundType] =
      /<Name>([^<]*)<\/Name>\s*<Type>(\w+)<\/Type>/.exec(await page.text()) ?? [];
    const isThere = plainName(found) === name && foundType === type;
    if (isThere)
      return `[Tried to create resource record set [name='${name}', type='${type}'] but it already exists]`;
  }
  return undefined;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function send(outgoing: ServerResponse, { status, body }: Answer): void {
  outgoing.writeHead(status, { 'content-type': 'text/xml' }).end(`<?xml version="1.0"?>${body}`);
}

function problem(status: number, code: string, message: string): Answer {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>`;
  return {
    status,
    body: `<ErrorResponse xmlns="${NAMESPACE}">${error}<RequestId>1</RequestId></ErrorResponse>`,
  };
}

function pending(id: string): Answer {
  const info = `<Id>/change/${id}</Id><Status>PENDING</Status><SubmittedAt>2026-01-01T00:00:00Z</SubmittedAt>`;
  return {
    status: 200,
    body: `<GetChangeResponse xmlns="${NAMESPACE}"><ChangeInfo>${info}</ChangeInfo></GetChangeResponse>`,
  };
}
