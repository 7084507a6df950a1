/** What is known of the image: what it is made of, and how. */
import type { Package } from '../licences.ts';
import type { Statement } from './image.ts';

export interface Origin {
  readonly version: string;
  readonly revision: string;
  readonly time: number;
  /** With its digest. */
  readonly base: string;
  /** A URI of who ran this. */
  readonly builder: string;
}

/** Source: https://spdx.github.io/spdx-spec/v2.3/. What the base holds is told by the base. */
export function sbom(packages: readonly Package[], { version, revision, time, base }: Origin): Statement {
  const root = 'SPDXRef-kube-site-follower';
  const common = { downloadLocation: 'NOASSERTION', filesAnalyzed: false, copyrightText: 'NOASSERTION' };
  const bundled = packages.map(({ name, version: own, licence }) => ({
    ...common,
    SPDXID: `SPDXRef-npm-${`${name}-${own}`.replaceAll(/[^A-Za-z0-9.-]+/g, '-')}`,
    name,
    versionInfo: own,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: licence ?? 'NOASSERTION',
    externalRefs: [purl(`pkg:npm/${name.replace('@', '%40')}@${own}`)],
  }));
  const [image = '', digest = ''] = base.split('@');
  const below = {
    ...common,
    SPDXID: 'SPDXRef-base',
    name: image,
    versionInfo: digest,
    licenseConcluded: 'NOASSERTION',
    licenseDeclared: 'NOASSERTION',
  };
  const own = {
    ...common,
    SPDXID: root,
    name: 'kube-site-follower',
    versionInfo: version,
    licenseConcluded: 'Apache-2.0',
    licenseDeclared: 'Apache-2.0',
  };
  const predicate = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `kube-site-follower-${version}`,
    documentNamespace: `urn:kube-site-follower:sbom:${version}:${revision}`,
    creationInfo: { created: new Date(time * 1_000).toISOString(), creators: ['Tool: make release'] },
    packages: [own, below, ...bundled],
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: root },
      { spdxElementId: root, relationshipType: 'DESCENDANT_OF', relatedSpdxElement: below.SPDXID },
      ...bundled.map(({ SPDXID }) => ({
        spdxElementId: root,
        relationshipType: 'CONTAINS',
        relatedSpdxElement: SPDXID,
      })),
    ],
  };
  return { predicateType: 'https://spdx.dev/Document', predicate };
}

/** Source: https://slsa.dev/spec/v1.0/provenance. Without times of the run, so that two runs say the same. */
export function provenance({ version, revision, base, builder }: Origin): Statement {
  const [, digest = ''] = base.split('@sha256:');
  const predicate = {
    buildDefinition: {
      buildType: 'urn:kube-site-follower:make-release:v1',
      externalParameters: { version },
      resolvedDependencies: [
        { uri: `git:${revision}`, digest: { gitCommit: revision } },
        { uri: `docker://${base}`, digest: { sha256: digest } },
      ],
    },
    runDetails: { builder: { id: builder } },
  };
  return { predicateType: 'https://slsa.dev/provenance/v1', predicate };
}

function purl(locator: string): object {
  return { referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: locator };
}
