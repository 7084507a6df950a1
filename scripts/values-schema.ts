/**
 * The parts of the chart's values.schema.json that the schema of the configuration knows: names of what can be chosen, types,
 * ranges and patterns. The rest is kept by hand, and so is what the chart takes in another form, by a `$ref` or `anyOf`.
 */
import * as z from 'zod';
import { ROUTING } from '../controller/config/routing.ts';
import { FILE, GLOBAL } from '../controller/config/schema.ts';
import { TRIGGERS } from '../controller/triggers/registry.ts';
import { COMMON } from '../dns/common.ts';
import { DNS_PROVIDERS } from '../dns/registry.ts';
import { choiceOf, type Shape } from '../settings/schema.ts';

interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  readonly properties?: Properties;
}

type Properties = Readonly<Record<string, JsonSchema>>;

/** What a value of the chart has to keep to; defaults and descriptions are in values.yaml. */
const RULES = ['type', 'enum', 'minimum', 'maximum', 'minItems', 'maxItems', 'pattern', 'items'] as const;

/** `text` is the whole file. */
export function withSettings(text: string): string {
  const schema = JSON.parse(text) as JsonSchema;
  const { enum: levels = [] } = rulesOf(GLOBAL.shape.logLevel);
  const logLevel = { enum: levels.filter((level) => level !== 'silent') };
  const dnsProviders = choiceOf(DNS_PROVIDERS).options;
  const kind = { enum: choiceOf(TRIGGERS).options.map(({ name }) => name) };
  const { minItems, maxItems } = rulesOf(FILE.shape.followers);
  const followers = { items: { properties: { trigger: { properties: { kind } } } }, minItems, maxItems };
  const ofProviders = dnsProviders.flatMap(({ own }) =>
    Object.entries(own).flatMap(([name, settings]) =>
      settings instanceof z.ZodObject ? [[name, { properties: chartRules(settings.shape) }] as const] : [],
    ),
  );
  const dns = {
    provider: { enum: dnsProviders.map(({ name }) => name) },
    ttl: rulesOf(COMMON.ttl),
    owner: { properties: chartRules(COMMON.owner.shape) },
    ...Object.fromEntries(ofProviders),
  };
  const { logLevel: _, httpPort: __, ...free } = chartRules(GLOBAL.shape); // Refused with what to set instead.
  const config = { ...free, followers };
  const controller = {
    dns: { properties: dns },
    routing: { properties: chartRules(ROUTING.shape) },
    config: { properties: config },
  };
  const known = { properties: { logLevel, controller: { properties: controller } } };
  return `${JSON.stringify(merged(schema, known), null, 2)}\n`;
}

/** An empty text is a value that was not set. */
function chartRules(shape: Shape): Properties {
  const rules = Object.entries(shape).map(([name, setting]) => [name, rulesOf(setting)] as const);
  return Object.fromEntries(
    rules.map(([name, { pattern, ...rest }]) => [
      name,
      pattern === undefined ? rest : { ...rest, pattern: `^(?:${pattern.replace(/^\^|\$$/g, '')})?$` },
    ]),
  );
}

function rulesOf(setting: z.core.$ZodType): JsonSchema {
  const schema = z.toJSONSchema(setting, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  const isChoice = 'enum' in schema;
  return Object.fromEntries(
    RULES.flatMap((key) => (key in schema && !(isChoice && key === 'type') ? [[key, schema[key]]] : [])),
  );
}

/** Other forms that the chart has for the same. */
const OWN_FORM = ['$ref', 'anyOf'];

function merged(by: JsonSchema, known: JsonSchema): JsonSchema {
  if (OWN_FORM.some((key) => key in by)) return by;
  const result: Record<string, unknown> = { ...by };
  for (const [key, value] of Object.entries(known)) {
    const before = by[key];
    // A text that only a Secret takes is looked at by the program alone, which cuts off space around it.
    if (key === 'pattern' && before === undefined) continue;
    result[key] = isSchema(before) && isSchema(value) ? merged(before, value) : (value ?? before);
  }
  return result;
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
