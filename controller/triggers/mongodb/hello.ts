/** The answer to the command `hello`, as far as it is used. Source: MongoDB manual, "hello". */
export interface Hello {
  readonly isWritablePrimary: boolean;
  /** Undefined: the member is in no replica set (yet). */
  readonly setName: string | undefined;
  /** `host:port` of the answering member, as the replica set’s configuration has it. */
  readonly me: string | undefined;
  /** The same of the primary that it knows. */
  readonly primary: string | undefined;
  /** 24 hexadecimal digits that grow with each election; only a primary reports it. */
  readonly electionId: string | undefined;
  /** The version of the replica set’s configuration. */
  readonly setVersion: number | undefined;
  /** All members. */
  readonly members: readonly string[];
}

/** Throws TypeError with the field that makes no sense. */
export function parseHello(document: Readonly<Record<string, unknown>>): Hello {
  const { isWritablePrimary, setName, me, primary, electionId, setVersion, hosts, passives, arbiters } =
    document;
  if (typeof isWritablePrimary !== 'boolean')
    throw new TypeError('its hello says nothing of isWritablePrimary');
  return {
    isWritablePrimary,
    setName: textOf('setName', setName),
    me: textOf('me', me),
    primary: textOf('primary', primary),
    electionId: electionOf(electionId),
    setVersion: numberOf('setVersion', setVersion),
    members: [...listOf('hosts', hosts), ...listOf('passives', passives), ...listOf('arbiters', arbiters)],
  };
}

/** The driver gives an ObjectId, whose JSON form is its digits. */
function electionOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  const digits = /^"([0-9a-f]{24})"$/i.exec(JSON.stringify(value))?.[1];
  if (digits === undefined) throw new TypeError('its hello has an electionId that is none');
  return digits.toLowerCase();
}

function textOf(field: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value === '')
    throw new TypeError(`its hello has a ${field} that is no text`);
  return value;
}

function numberOf(field: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw new TypeError(`its hello has a ${field} that is no number`);
  return value;
}

function listOf(field: string, value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new TypeError(`its hello has ${field} that are no list`);
  return value.map((item) => textOf(field, item) ?? '');
}
