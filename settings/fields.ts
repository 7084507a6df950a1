/** Schemas of the values that settings have, each with the words that tell what is wrong. */
import * as z from 'zod';
import { explain } from '../runtime/explain.ts';
import { parseLabelSelector } from '../runtime/label-selector.ts';
import { isLabelName, isObjectName } from '../runtime/object-names.ts';
import { parseProxy } from '../runtime/outbound/proxies.ts';
import { Secret } from './secret.ts';

export function matching(pattern: RegExp, problem: string) {
  return z.string(problem).regex(pattern, problem);
}

export function objectName(what: string) {
  const problem = `must be the name of ${what}: lower-case letters, digits, "-" and "."`;
  return z.string(problem).refine(isObjectName, problem);
}

export function namespace() {
  const problem = 'must be the name of a namespace: 1 to 63 lower-case letters, digits and "-"';
  return z.string(problem).refine(isLabelName, problem);
}

export function hostNames() {
  const problem = 'must be a host name, without port and path';
  return z.array(
    z
      .string(problem)
      .transform((name) => name.toLowerCase())
      .refine(isObjectName, problem),
  );
}

export function whole(least: number, most: number) {
  const problem = `must be a whole number from ${least} to ${most}`;
  return z.int(problem).min(least, problem).max(most, problem);
}

export function flag() {
  return z.boolean('must be true or false');
}

/** Whoever reads the configuration has made a {@link Secret} of the text already. */
export function secret(problem: string, isRight: (text: string) => boolean = () => true) {
  return z.instanceof(Secret, { error: problem }).refine((secret) => isRight(secret.reveal()), problem);
}

/** With its credentials, so a secret. */
export function proxyUrl() {
  return secret(
    'must be the http or https URL of a proxy, such as http://proxy.example.com:3128, with a % in a password written as %25; SOCKS is not known',
    (text) => parseProxy(text) !== undefined,
  );
}

/** Credentials in a URL end up in logs; nothing needs them here. */
export function apiUrl() {
  return z.string('must be a URL').refine((text) => {
    const url = URL.parse(text);
    return (
      url !== null &&
      /^https?:$/.test(url.protocol) &&
      url.username === '' &&
      url.password === '' &&
      url.search === '' &&
      url.hash === ''
    );
  }, 'must be an http or https URL without user, query and fragment');
}

export function labelSelector(example: string) {
  return z.string(`must be a label selector such as "${example}"`).superRefine((text, context) => {
    try {
      parseLabelSelector(text);
    } catch (error) {
      context.addIssue(`must be a label selector: ${explain(error)}`);
    }
  });
}

export function labelValue() {
  return matching(
    /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
    'must be 1 to 63 letters, digits, "-", "_" or ".", with a letter or digit at both ends',
  );
}
