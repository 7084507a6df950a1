import { parseDocument } from 'yaml';
import { STATUS_CONFIGMAP } from '../contract/names.ts';
import { explain } from '../runtime/explain.ts';
import { misspeltVariables } from '../runtime/suggest.ts';
import { type Finding, formatPath, type Problem, toProblem } from '../settings/problems.ts';
import {
  type Environment,
  keyAt,
  readTree,
  type Source,
  valueAt,
  variable,
  variablesOf,
} from '../settings/reading.ts';
import { MASK, Secret } from '../settings/secret.ts';
import type { SecretSources } from '../settings/secret-reference.ts';
import { type Checked, settingsOf, type Tree } from '../settings/settings.ts';
import { checkDns, DNS, dnsConfig } from './config/dns.ts';
import { checkFollowers } from './config/followers.ts';
import type { Config, FollowerConfig } from './config/model.ts';
import { resolveTargets } from './config/notify.ts';
import { ENVIRONMENT_ONLY, FOLLOWER, GLOBAL, PROXY } from './config/schema.ts';
import { problemOfClusters } from './config/sites.ts';

export { formatProblems, type Problem } from '../settings/problems.ts';
export type { Environment } from '../settings/reading.ts';
export type { Secret } from '../settings/secret.ts';
export type * from './config/model.ts';

export type ConfigResult =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly Problem[] };

const SETTINGS = [...settingsOf(ENVIRONMENT_ONLY), ...settingsOf(FOLLOWER), ...settingsOf(GLOBAL)].map(
  ({ setting }) => setting,
);

/**
 * The configuration from the environment and, where `CONFIG_FILE` names one, a YAML file. `readFile` gives a file's
 * text or throws. What is wrong comes back at once, a hundred problems at most; no message holds a secret. Never throws.
 */
export function loadConfig(given: Environment, readFile: (path: string) => string): ConfigResult {
  const env = withoutLowerCase(given);
  const findings: Finding[] = [];
  const report = (finding: Finding) => {
    findings.push(finding);
    if (findings.length >= MOST_PROBLEMS) throw new EnoughProblems();
  };
  try {
    return readConfig(env, readFile, { findings, report });
  } catch (error) {
    if (!(error instanceof EnoughProblems)) throw error;
    const rest = { key: 'The rest', got: `${MOST_PROBLEMS} problems`, problem: 'was not looked at' };
    return refused([...findings, rest], env);
  }
}

/** More than anybody reads: each costs memory, and a list of a hundred thousand items could have as many. */
const MOST_PROBLEMS = 100;

class EnoughProblems extends Error {
  override readonly name = 'EnoughProblems';
}

interface Findings {
  readonly findings: readonly Finding[];
  readonly report: Source['report'];
}

function readConfig(
  env: Environment,
  readFile: (path: string) => string,
  { findings, report }: Findings,
): ConfigResult {
  const file = readConfigFile(env, readFile, report);
  // All that stands in it would seem to be missing.
  if (findings.length > 0) return refused(findings, env);
  const sources: SecretSources = { env, readFile, referenced: new Set() };
  const whole: Source = { env, isForeign: () => false, file, path: [], report, secrets: sources };
  const values = readTree(GLOBAL, whole);
  const proxy = readTree(PROXY, { ...whole, file: undefined });
  const places = (values.followers ?? []).map((raw, index): Source => {
    // The variables speak of one follower: the first.
    const speaking = index === 0 ? { env } : { env: {}, isForeign: () => true };
    return { ...whole, ...speaking, file: raw, path: ['followers', index] };
  });
  const followers = places.map(readFollower);
  checkFollowers(followers, values.configMapName ?? STATUS_CONFIGMAP, (index, path, got, problem) => {
    const place = places[index] ?? whole;
    report({ key: keyAt(FOLLOWER, place, path), got, problem });
  });
  reportMisspelt(env, sources.referenced, report);
  const [first, ...others] = followers.flatMap((follower) => follower ?? []);
  if (findings.length === 0 && first !== undefined) {
    const { followers: _, ...rest } = values as Checked<typeof GLOBAL>;
    const checked = proxy as Checked<typeof PROXY>;
    return { ok: true, config: { ...rest, proxy: checked, followers: [first, ...others] } };
  }
  return refused(findings, env);
}

/** `https_proxy` means `HTTPS_PROXY`, which goes before it, as in Go. */
function withoutLowerCase(env: Environment): Environment {
  const names = [...settingsOf(PROXY)].map(({ setting }) => setting.variable);
  const lower = new Set(names.map((name) => name.toLowerCase()));
  const others = Object.entries(env).filter(([name]) => !lower.has(name));
  const merged = names.map((name) => [name, variable(env, name) ?? variable(env, name.toLowerCase())]);
  return { ...Object.fromEntries(others), ...Object.fromEntries(merged) };
}

function refused(findings: readonly Finding[], env: Environment): ConfigResult {
  const secrets = SETTINGS.flatMap((setting) => (setting.secret && variable(env, setting.variable)) || []);
  return { ok: false, problems: findings.map((finding) => toProblem(finding, secrets)) };
}

/** Sixteen followers of a hundred nodes each have less. Everything that is wrong is collected, and each problem costs memory. */
const LONGEST_FILE = 256 * 1_024;

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
  if (text.length > LONGEST_FILE) {
    report({
      key,
      got: path,
      problem: `must name a file of at most ${LONGEST_FILE} characters (it has ${text.length})`,
    });
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
  const misplaced = values.sites && problemOfClusters(values.sites, values.trigger.kind === 'cnpg-topology');
  if (misplaced !== undefined) reportAt(['sites'], values.sites, misplaced);
  const option = FOLLOWER.trigger.option(values.trigger.kind);
  // What goes together cannot be told while one of them is wrong: it would only seem to be missing.
  const own = Object.keys(option?.settings ?? {}).map((name) => keyAt(FOLLOWER, source, ['trigger', name]));
  if (!own.some((key) => isReported(key, reported))) {
    option?.check?.(values.trigger as never, {
      sites: values.sites,
      report: (path, got, problem) => reportAt(['trigger', ...path], got, problem),
    });
  }
  checkDns(values.dns, source, values.sites, (finding) => {
    if (!reported.has(finding.key)) report(finding);
  });
  const notify = resolveTargets(values.notify ?? [], source.secrets, (path, problem) =>
    report({ key: `${keyAt(FOLLOWER, source, ['notify'])}${path}`, got: MASK, problem }),
  );
  if (!sound) return undefined;
  const { dns, ...rest } = values as Checked<typeof FOLLOWER>;
  return { ...rest, dns: dnsConfig(dns), notify };
}

/** Also when it was an item of it. */
function isReported(key: string, reported: ReadonlySet<string>): boolean {
  return reported.has(key) || [...reported].some((other) => other.startsWith(`${key}[`));
}

/** `referenced`: variables of the user's own naming. */
function reportMisspelt(env: Environment, referenced: ReadonlySet<string>, report: Source['report']): void {
  const known = SETTINGS.flatMap(variablesOf);
  for (const { name, meant } of misspeltVariables(env, known)) {
    if (referenced.has(name)) continue;
    report({ key: name, got: MASK, problem: `is not a known variable (did you mean ${meant}?)` });
  }
}

/** Every setting with its value, by the name its reader knows it by; secrets masked. For the first log line. */
export function describeConfig({ followers, proxy, ...once }: Config): Readonly<Record<string, string>> {
  const { dns: _, ...single } = FOLLOWER;
  const rows = followers.flatMap((follower, index) => [
    ...rowsOf(single, follower, ['followers', index], index === 0),
    ...follower.dns.flatMap((dns, place) => [
      ...rowsOf(
        DNS.choice.tree(DNS.choice.option(dns.provider)),
        dns,
        ['followers', index, 'dns', place],
        index === 0 && place === 0,
      ),
    ]),
  ]);
  return Object.fromEntries([...rowsOf(GLOBAL, once, [], true), ...rowsOf(PROXY, proxy, [], true), ...rows]);
}

/** `spoken`: the variables speak of this place; what stands elsewhere has the name that the file gives it. */
function* rowsOf(
  tree: Tree,
  values: object,
  place: readonly PropertyKey[],
  spoken: boolean,
): Generator<[string, string]> {
  for (const { path, setting, when } of settingsOf(tree)) {
    if (when !== undefined && valueAt(values, when.path) !== when.value) continue;
    const key = spoken && setting.variable !== '' ? setting.variable : formatPath([...place, ...path]);
    if (key !== 'followers') yield [key, describeValue(valueAt(values, path))];
  }
}

function describeValue(value: unknown): string {
  if (value === undefined) return '';
  if (value instanceof Secret) return MASK;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
