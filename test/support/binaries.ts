/** The programs of a real control plane, and ExternalDNS: found, downloaded or built, then cached. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isExecutable } from './binaries/go.ts';
import { obtain } from './binaries/obtain.ts';
import { sayOnStderr } from './binaries/progress.ts';
import { cacheDirectory, type Recipe, requiredVersion } from './binaries/recipe.ts';

const PROGRAMS = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;
type Program = (typeof PROGRAMS)[number];

/** Absolute paths. */
export type Binaries = Readonly<Record<Program, string>>;

/** A folder for each minor version that the tests run on: `make integration KUBERNETES=1.37`. */
const KUBERNETES = join(import.meta.dirname, 'kubernetes');
const DEFAULT_KUBERNETES = '1.34';
const EXTERNAL_DNS = join(import.meta.dirname, 'external-dns');
const EXTERNAL_DNS_MODULE = 'sigs.k8s.io/external-dns';
const DNS_ENDPOINT_SUM = '7d1c06b1e991c8db3a70be658fb628e61e71ba72f2686469c276f4f6ab0d1e30';

/**
 * etcd, kube-apiserver and kube-controller-manager: from the folder KUBEBUILDER_ASSETS if set, else the cache, else a
 * checked download of the official release, else built from Go modules. Tells of slow steps on standard error.
 */
export async function findBinaries(env = process.env, say = sayOnStderr): Promise<Binaries> {
  const assets = env.KUBEBUILDER_ASSETS;
  const recipes = binaryRecipes(cacheDirectory(env), await kubernetesModule(env.KUBERNETES));
  const paths = { ...pathsOf(recipes), ...(assets ? await inAssets(assets) : {}) };
  const needed = PROGRAMS.filter((name) => paths[name] === recipes[name].path).map((name) => recipes[name]);
  await obtain(needed, cacheDirectory(env), say);
  return paths;
}

/** The file of ExternalDNS's CRD DNSEndpoint. */
export async function findDnsEndpointCrd(env = process.env, say = sayOnStderr): Promise<string> {
  const version = requiredVersion(EXTERNAL_DNS, EXTERNAL_DNS_MODULE);
  const file = 'config/crd/standard/dnsendpoints.externaldns.k8s.io.yaml';
  const recipe: Recipe = {
    what: `the CRD DNSEndpoint of ExternalDNS ${version}`,
    path: join(cacheDirectory(env), `external-dns-${version}`, 'dnsendpoints.yaml'),
    download: {
      url: `https://raw.githubusercontent.com/kubernetes-sigs/external-dns/${version}/${file}`,
      sha256: DNS_ENDPOINT_SUM,
      megabytes: 1,
    },
    build: { kind: 'go-module-file', folder: EXTERNAL_DNS, module: EXTERNAL_DNS_MODULE, file },
  };
  await obtain([recipe], cacheDirectory(env), say);
  return recipe.path;
}

/** ExternalDNS itself. It is not downloaded: nobody releases it as a program, only in images. */
export async function findExternalDns(env = process.env, say = sayOnStderr): Promise<string> {
  const version = requiredVersion(EXTERNAL_DNS, EXTERNAL_DNS_MODULE);
  const recipe: Recipe = {
    what: `ExternalDNS ${version}`,
    path: join(cacheDirectory(env), `external-dns-${version}`, 'external-dns'),
    download: undefined,
    build: {
      kind: 'go-build',
      folder: EXTERNAL_DNS,
      package: EXTERNAL_DNS_MODULE,
      ldflags: '',
      expected: 'about 6 minutes',
    },
  };
  await obtain([recipe], cacheDirectory(env), say);
  return recipe.path;
}

function pathsOf(recipes: Readonly<Record<Program, Recipe>>): Binaries {
  return {
    etcd: recipes.etcd.path,
    'kube-apiserver': recipes['kube-apiserver'].path,
    'kube-controller-manager': recipes['kube-controller-manager'].path,
  };
}

/** envtest's folders hold etcd and kube-apiserver, but not always the controller manager: that is then made as usual. */
async function inAssets(folder: string): Promise<Partial<Binaries>> {
  const found: Partial<Record<Program, string>> = {};
  for (const name of PROGRAMS) {
    const file = join(folder, name);
    if (await isExecutable(file)) found[name] = file;
    else if (name !== 'kube-controller-manager') {
      throw new Error(
        `KUBEBUILDER_ASSETS is ${folder}, but there is no executable ${name} in it. Correct or unset it.`,
      );
    }
  }
  return found;
}

/** The folder of the Go module that requires the version `asked` for, such as `1.30`. */
export async function kubernetesModule(asked = ''): Promise<string> {
  const versions = (await readdir(KUBERNETES)).toSorted();
  const version = asked === '' ? DEFAULT_KUBERNETES : asked;
  if (versions.includes(version)) return join(KUBERNETES, version);
  throw new Error(`KUBERNETES is ${version}, but the tests know ${versions.join(', ')}.`);
}

function binaryRecipes(cache: string, module: string): Readonly<Record<Program, Recipe>> {
  const arch = { x64: 'amd64', arm64: 'arm64' }[process.arch as string];
  const released = process.platform === 'linux' && arch !== undefined;
  const kubernetes = requiredVersion(module, 'k8s.io/kubernetes');
  const component = (
    name: 'kube-apiserver' | 'kube-controller-manager',
    megabytes: number,
    expected: string,
  ): Recipe => {
    const url = `https://dl.k8s.io/release/${kubernetes}/bin/linux/${arch}/${name}`;
    return {
      what: `${name} ${kubernetes}`,
      path: join(cache, `kubernetes-${kubernetes}`, name),
      download: released ? { url, sha256: { url: `${url}.sha256` }, megabytes } : undefined,
      build: {
        kind: 'go-build',
        folder: module,
        package: `k8s.io/kubernetes/cmd/${name}`,
        ldflags: versionFlags(kubernetes),
        expected,
      },
    };
  };
  const etcd = requiredVersion(module, 'go.etcd.io/etcd/server/v3');
  const releases = `https://github.com/etcd-io/etcd/releases/download/${etcd}`;
  const folder = `etcd-${etcd}-linux-${arch}`;
  return {
    'kube-apiserver': component('kube-apiserver', 85, 'about 7 minutes'),
    'kube-controller-manager': component('kube-controller-manager', 70, 'about 2 minutes'),
    etcd: {
      what: `etcd ${etcd}`,
      path: join(cache, `etcd-${etcd}`, 'etcd'),
      download: released
        ? {
            url: `${releases}/${folder}.tar.gz`,
            sha256: { url: `${releases}/SHA256SUMS` },
            member: `${folder}/etcd`,
            megabytes: 25,
          }
        : undefined,
      build: {
        kind: 'go-build',
        folder: module,
        package: 'go.etcd.io/etcd/server/v3',
        ldflags: '',
        expected: 'about a minute',
      },
    },
  };
}

/** Without them the server calls itself v0.0.0, and clients that look at the version misbehave. */
function versionFlags(version: string): string {
  const [major, minor] = version.slice(1).split('.');
  const base = 'k8s.io/component-base/version';
  return [
    `-X ${base}.gitVersion=${version}`,
    `-X ${base}.gitMajor=${major}`,
    `-X ${base}.gitMinor=${minor}`,
    `-X k8s.io/client-go/pkg/version.gitVersion=${version}`,
  ].join(' ');
}
