import { DNS_PROVIDERS, dnsInUse } from '../dns/registry.ts';
import { explain } from '../runtime/explain.ts';
import type { Loaded } from '../runtime/result.ts';
import { misspeltVariables } from '../runtime/suggest.ts';
import { parse } from '../settings/parse.ts';
import { type Finding, formatPath, type Problem, toProblem, valueAt } from '../settings/problems.ts';
import { RawTree, type RawTreePorts, type Source } from '../settings/raw-tree.ts';
import { settingsOf } from '../settings/schema.ts';
import { MASK, Secret } from '../settings/secret.ts';
import type { SecretSources } from '../settings/secret-reference.ts';
import { type Environment, variable, variablesOf } from '../settings/variables.ts';
import { readYaml } from '../settings/yaml.ts';
import { checkTogether } from './config/checks.ts';
import type { Config } from './config/model.ts';
import { CONFIG, ENVIRONMENT_ONLY, FILE, FOLLOWER, GLOBAL, PROXY } from './config/schema.ts';

export { formatProblems, type Problem } from '../settings/problems.ts';
export type { Secret } from '../settings/secret.ts';
export type { Environment } from '../settings/variables.ts';
export type * from './config/model.ts';

type LoadedConfig = Loaded<Config, Problem>;

const SETTINGS = [...settingsOf(ENVIRONMENT_ONLY), ...settingsOf(FILE)].map(({ setting }) => setting);
const CONFIG_FILE = 'CONFIG_FILE';

/**
 * The configuration from the environment and, where `CONFIG_FILE` names one, a YAML file. `readFile` gives a file's
 * text or throws. What is wrong comes back at once, a hundred problems at most; no message holds a secret. Never throws.
 */
export function loadConfig(given: Environment, readFile: (path: string) => string): LoadedConfig {
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
  readonly report: RawTreePorts['report'];
}

function readConfig(
  env: Environment,
  readFile: (path: string) => string,
  { findings, report }: Findings,
): LoadedConfig {
  const file = readConfigFile(env, readFile, report);
  // All that stands in it would seem to be missing.
  if (findings.length > 0) return refused(findings, env);
  const secrets: SecretSources = { env, readFile, referenced: new Set() };
  const tree = new RawTree({ report, secrets });
  const { origins } = tree;
  const root: Source = { env, isForeign: () => false, file, path: [], at: [] };
  const proxy = { ...root, file: undefined, path: ['proxy'], at: ['proxy'] };
  const raw = { ...tree.readObject(FILE.shape, root), proxy: tree.read(PROXY, proxy) };
  const { value, issues } = parse(CONFIG, raw);
  for (const finding of origins.findings(issues, raw)) report(finding);
  const reported = [...origins.refused, ...issues.map(({ path }) => path)];
  const targets = checkTogether(value, { reported, origins, report, secrets });
  reportMisspelt(env, secrets.referenced, report);
  if (issues.length > 0 || findings.length > 0) return refused(findings, env);
  const [first, ...others] = value.followers.map((follower, index) => ({
    ...follower,
    dns: dnsInUse(follower.dns),
    notify: targets[index] ?? [],
  }));
  if (first === undefined) throw new Error('the schema takes no configuration without followers');
  return { ok: true, value: { ...value, followers: [first, ...others] } };
}

/** `https_proxy` means `HTTPS_PROXY`, which takes precedence, as in Go. */
function withoutLowerCase(env: Environment): Environment {
  const names = [...settingsOf(PROXY)].map(({ setting }) => setting.variable);
  const lower = new Set(names.map((name) => name.toLowerCase()));
  const others = Object.entries(env).filter(([name]) => !lower.has(name));
  const merged = names.map((name) => [name, variable(env, name) ?? variable(env, name.toLowerCase())]);
  return { ...Object.fromEntries(others), ...Object.fromEntries(merged) };
}

function refused(findings: readonly Finding[], env: Environment): LoadedConfig {
  const secrets = SETTINGS.flatMap((setting) => (setting.secret && variable(env, setting.variable)) || []);
  return { ok: false, problems: findings.map((finding) => toProblem(finding, secrets)) };
}

/** Sixteen followers of a hundred nodes each have less. Everything that is wrong is collected, and each problem costs memory. */
const LONGEST_FILE = 256 * 1_024;

/** The document in the file; undefined where there is none to read. */
function readConfigFile(
  env: Environment,
  readFile: (path: string) => string,
  report: RawTreePorts['report'],
): unknown {
  const path = variable(env, CONFIG_FILE);
  if (path === undefined) return undefined;
  const key = CONFIG_FILE;
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
  const document = readYaml(text);
  if (document.ok) return document.value;
  report({ key, got: path, problem: `must be YAML${document.problem}` });
  return undefined;
}

/** `referenced`: variables of the user's own naming. */
function reportMisspelt(
  env: Environment,
  referenced: ReadonlySet<string>,
  report: RawTreePorts['report'],
): void {
  const known = SETTINGS.flatMap(variablesOf);
  for (const { name, meant } of misspeltVariables(env, known)) {
    if (referenced.has(name)) continue;
    report({ key: name, got: MASK, problem: `is not a known variable (did you mean ${meant}?)` });
  }
}

/** Every setting with its value, by the name its reader knows it by; secrets masked. For the first log line. */
export function describeConfig({ followers, proxy, ...once }: Config): Readonly<Record<string, string>> {
  const single = FOLLOWER.omit({ dns: true });
  const rows = followers.flatMap((follower, index) => [
    ...rowsOf(single, follower, ['followers', index], index === 0),
    ...follower.dns.flatMap((dns, place) => [
      ...rowsOf(DNS_PROVIDERS, dns, ['followers', index, 'dns', place], index === 0 && place === 0),
    ]),
  ]);
  return Object.fromEntries([...rowsOf(GLOBAL, once, [], true), ...rowsOf(PROXY, proxy, [], true), ...rows]);
}

/** `spoken`: the variables speak of this place; what stands elsewhere has the name that the file gives it. */
function* rowsOf(
  schema: Parameters<typeof settingsOf>[0],
  values: object,
  place: readonly PropertyKey[],
  spoken: boolean,
): Generator<[string, string]> {
  for (const { path, setting, when } of settingsOf(schema)) {
    if (when !== undefined && valueAt(values, when.path) !== when.value) continue;
    const key = spoken && setting.variable !== '' ? setting.variable : formatPath([...place, ...path]);
    yield [key, describeValue(valueAt(values, path))];
  }
}

function describeValue(value: unknown): string {
  if (value === undefined) return '';
  if (value instanceof Secret) return MASK;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
