import * as z from 'zod';
import { isForbiddenHost } from '../../notify/addresses.ts';
import { FORMATS } from '../../notify/formats.ts';
import { keyOf } from '../../notify/signature.ts';
import type { NotifyTarget } from '../../notify/target.ts';
import { didYouMean } from '../../runtime/suggest.ts';
import { Secret } from '../../settings/secret.ts';
import { REFERENCE, reference, resolve, type SecretSources } from '../../settings/secret-reference.ts';

const MOST_TARGETS = 8;
const PRESETS = Object.keys(FORMATS) as NotifyTarget['preset'][];

const TARGET_KEYS = {
  name: z
    .string('must be the name of the target')
    .regex(
      /^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/,
      'must be 1 to 32 lower-case letters, digits and "-": it stands in reports and metrics',
    ),
  preset: z.enum(PRESETS, `must be one of ${PRESETS.join(', ')}`).default('webhook'),
  url: z.union([z.string(), reference], `must be a URL, or: ${REFERENCE}`),
  secrets: z.array(reference, `must be a list of references: each ${REFERENCE}`).default([]),
};

const target = z
  .strictObject(TARGET_KEYS, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? `has unknown keys: ${issue.keys.map((key) => `"${key}"${didYouMean(key, Object.keys(TARGET_KEYS))}`).join(', ')}`
        : 'must be an object such as {"name": "on-call", "url": "https://…", "secrets": [{"env": "ON_CALL_SECRET"}]}',
  })
  .superRefine(({ preset, url, secrets }, context) => {
    const at = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message });
    if (FORMATS[preset].signed && secrets.length === 0)
      at('secrets', 'must have at least one: each message is signed, so that the receiver can believe it');
    if (!FORMATS[preset].signed && secrets.length > 0)
      at('secrets', `must not be given: a ${preset} hook checks no signature`);
    if (!FORMATS[preset].signed && typeof url === 'string')
      at('url', `is itself the secret of a ${preset} hook: it ${REFERENCE}`);
  });

export const notifySchema = z
  .array(target, 'must be a JSON array of targets: [{"name": …, "url": …, "secrets": …}, …]')
  .max(MOST_TARGETS, `must have at most ${MOST_TARGETS} targets`)
  .superRefine((targets, context) => {
    targets.forEach(({ name }, index) => {
      if (targets.findIndex((other) => other.name === name) === index) return;
      context.addIssue({
        code: 'custom',
        path: [index, 'name'],
        message: `must differ: "${name}" is there already`,
      });
    });
  });

type Declared = z.infer<typeof notifySchema>;

/** The targets with what they refer to. `report` gets the place below the list; no message holds a value. */
export function resolveTargets(
  declared: Declared,
  sources: SecretSources,
  report: (path: readonly (string | number)[], problem: string) => void,
): NotifyTarget[] {
  return declared.flatMap(({ name, preset, url: where, secrets: references }, index) => {
    const url =
      typeof where === 'string'
        ? new Secret(where)
        : resolve(where, sources, (problem) => report([index, 'url'], problem));
    const problem = url && urlProblem(url.reveal());
    if (problem !== undefined) report([index, 'url'], problem);
    const secrets = references.flatMap((secretAt, place) => {
      const key = [index, 'secrets', place];
      const secret = resolve(secretAt, sources, (problem) => report(key, problem));
      if (secret !== undefined && keyOf(secret.reveal()) === undefined) {
        report(key, 'must lead to a Standard Webhooks secret: whsec_ and base64 of 24 to 64 random bytes');
      }
      return secret ?? [];
    });
    return url === undefined ? [] : [{ name, preset, url, secrets }];
  });
}

/** Node's URL takes tabs and line ends out of it; what has them was not meant as one. */
function urlProblem(text: string): string | undefined {
  const url = /\s/.test(text) ? null : URL.parse(text);
  const isPlain =
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.hash === '';
  if (!isPlain) return 'must be an http or https URL without user and fragment';
  return isForbiddenHost(url.hostname)
    ? 'must not have a link-local, metadata or multicast address, which is never called'
    : undefined;
}
