/** What is asked of a release, by variables. */

export interface ReleaseOptions {
  /** Host and folder, without a scheme. */
  readonly registry: string;
  readonly version: string;
  readonly push: boolean;
  /** Of cosign, or `keyless`. */
  readonly key: string | undefined;
  /** A file that tells cosign which services to use, such as none. */
  readonly signingConfig: string | undefined;
  /** Where the archives will be, for krew. */
  readonly downloads: string | undefined;
  /** Instead of the base that the Dockerfile names; with a digest. */
  readonly base: string | undefined;
  /** A folder with the chart and the operator's chart in it. */
  readonly chart: string | undefined;
  readonly builder: string;
}

const SEMVER = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$/;
const REGISTRY = /^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)*$/;
const WITH_DIGEST = /@sha256:[0-9a-f]{64}$/;

/** `versions` are those of the files that have one, by name. Throws with one line that says what to do. */
export function readReleaseOptions(
  env: NodeJS.ProcessEnv,
  versions: Readonly<Record<string, string>>,
): ReleaseOptions {
  const { REGISTRY: registry = '', VERSION: version = '', BASE: base } = env;
  if (!REGISTRY.test(registry))
    throw new Error(
      `REGISTRY must be a registry and a folder, such as registry.example.com/team (got: "${registry}")`,
    );
  if (!SEMVER.test(version)) throw new Error(`VERSION must be a version such as 0.1.0 (got: "${version}")`);
  const others = Object.entries(versions).filter(([, own]) => own !== version);
  if (others.length > 0) {
    const said = others.map(([file, own]) => `${file} says ${own}`).join(', ');
    throw new Error(`VERSION is ${version}, but ${said}: commit the version that is to be released first`);
  }
  if (base !== undefined && base !== '' && !WITH_DIGEST.test(base))
    throw new Error(`BASE must name an image with its digest, name@sha256:… (got: "${base}")`);
  const given = (name: string) => env[name] || undefined;
  return {
    registry,
    version,
    push: env.PUSH !== '0',
    key: given('COSIGN_KEY'),
    signingConfig: given('SIGNING_CONFIG'),
    downloads: given('DOWNLOADS')?.replace(/\/$/, ''),
    base: given('BASE'),
    chart: given('CHART'),
    builder: given('BUILDER') ?? 'urn:kube-site-follower:unnamed-builder',
  };
}
