import { parseDocument } from 'yaml';
import { explain } from '../kubernetes/errors.ts';
import { misspeltVariables } from '../runtime/suggest.ts';
import { checkDns, dnsConfig } from './config/dns.ts';
import type { Config, FollowerConfig } from './config/model.ts';
import { type Finding, type Problem, toProblem } from './config/problems.ts';
import { ENVIRONMENT_ONLY, FOLLOWER, GLOBAL } from './config/schema.ts';
import { MASK, Secret } from './config/secret.ts';
import {
  type Checked,
  type Environment,
  keyAt,
  readTree,
  type Source,
  settingsOf,
  type Tree,
  type Values,
  variable,
} from './config/settings.ts';

export type * from './config/model.ts';
export { formatProblems, type Problem } from './config/problems.ts';
export type { Secret } from './config/secret.ts';
export type { Environment } from './config/settings.ts';

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const SETTINGS = [...settingsOf(ENVIRONMENT_ONLY), ...settingsOf(FOLLOWER), ...settingsOf(GLOBAL)].map(
  ({ setting }) => setting,
);

/**
 * The configuration from the environment and, where `CONFIG_FILE` names one, a YAML file. `readFile` gives a file's
 * text or throws. Everything that is wrong comes back at once; no message holds a secret. Never throws.
 */
export function loadConfig(env: Environment, readFile: (path: string) => string): ConfigResult {
  const findings: Finding[] = [];
  const report = (finding: Finding) => {
    findings.push(finding);
  };
  const file = readConfigFile(env, readFile, report);
  const values = readTree(GLOBAL, { env, file, path: [], report });
  const followers = (values.followers ?? [{}]).map((raw, index) =>
    // The variables speak of one follower: the first.
    readFollower({ env: index === 0 ? env : {}, file: raw, path: ['followers', index], report }),
  );
  reportMisspelt(env, report);
  const [first, ...others] = followers.flatMap((follower) => follower ?? []);
  if (findings.length === 0 && first !== undefined) {
    const { followers: _, ...rest } = values as Checked<typeof GLOBAL>;
    return { ok: true, config: { ...rest, followers: [first, ...others] } };
  }
  const secrets = SETTINGS.flatMap((setting) => (setting.secret && variable(env, setting.variable)) || []);
  return { ok: false, problems: findings.map((finding) => toProblem(finding, secrets)) };
}

/** The document in the file; undefined where there is none to read. */
function readConfigFile(
  env: Environment,
  readFile: (path: string) => string,
  report: Source['report'],
): unknown {
  const path = variable(env, ENVIRONMENT_ONLY.configFile.variable);
  if (path === undefined) return undefined;
  const key = ENVIRONMENT_ONLY.configFile.variable;
  let text: string;
  try {
    text = readFile(path);
  } catch (error) {
    report({ key, got: path, problem: `must name a file that can be read: ${explain(error)}` });
    return undefined;
  }
  try {
    const document = parseDocument(text);
    const [error] = document.errors;
    if (error === undefined) return document.toJS({ maxAliasCount: 100 });
    // The parser's own message shows the lines around the fault, and those may hold a secret.
    const line = error.linePos?.[0].line;
    report({ key, got: path, problem: `must be YAML: line ${line ?? '?'} has ${error.code}` });
  } catch (error) {
    report({ key, got: path, problem: `must be YAML without so many aliases: ${explain(error)}` });
  }
  return undefined;
}

/** Undefined when something was reported. */
function readFollower(source: Source): FollowerConfig | undefined {
  let sound = true;
  const reported = new Set<string>();
  const report = (finding: Finding) => {
    sound = false;
    reported.add(finding.key);
    source.report(finding);
  };
  const values = readTree(FOLLOWER, { ...source, report });
  const reportAt = (path: readonly string[], got: unknown, problem: string) => {
    const key = keyAt(FOLLOWER, source, path);
    if (!reported.has(key)) report({ key, got, problem });
  };
  checkPreferredNode(values, reportAt);
  checkDns(values.dns, values.sites, (path, got, problem) => reportAt(['dns', ...path], got, problem));
  if (!sound) return undefined;
  const { dns, ...rest } = values as Checked<typeof FOLLOWER>;
  const checkedDns = dnsConfig(dns);
  return checkedDns === undefined ? undefined : { ...rest, dns: checkedDns };
}

function checkPreferredNode(
  { sites, trigger: { preferredPrimaryNode: node } }: Values<typeof FOLLOWER>,
  reportAt: (path: readonly string[], got: unknown, problem: string) => void,
): void {
  // A selector's nodes are not known here.
  if (sites === undefined || node === undefined || sites.some((site) => site.nodeSelector !== undefined))
    return;
  if (sites.some((site) => site.nodeNames.includes(node))) return;
  reportAt(['trigger', 'preferredPrimaryNode'], node, 'must be a node of one of the sites');
}

function reportMisspelt(env: Environment, report: Source['report']): void {
  const known = SETTINGS.map((setting) => setting.variable).filter((name) => name !== '');
  for (const { name, meant } of misspeltVariables(env, known)) {
    report({ key: name, got: MASK, problem: `is not a known variable (did you mean ${meant}?)` });
  }
}

/** Every setting with its value, by the name its reader knows it by; secrets masked. For the first log line. */
export function describeConfig(config: Config): Readonly<Record<string, string>> {
  const [first] = config.followers;
  const rows = [...rowsOf(GLOBAL, config), ...rowsOf(FOLLOWER, first)];
  return Object.fromEntries(rows);
}

function* rowsOf(tree: Tree, values: object): Generator<[string, string]> {
  for (const { path, setting } of settingsOf(tree)) {
    if (setting.variable === '') continue;
    const value = path.reduce<unknown>(
      (at, key) => (at as Record<string, unknown> | undefined)?.[key],
      values,
    );
    yield [setting.variable, describeValue(value)];
  }
}

function describeValue(value: unknown): string {
  if (value === undefined) return '';
  if (value instanceof Secret) return MASK;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
