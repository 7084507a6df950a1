/** Of printed manifests; apart from what prints them, as the declaration of the option must not load that. */
export const MANIFEST_FORMATS = ['json', 'yaml'] as const;

export type ManifestFormat = (typeof MANIFEST_FORMATS)[number];
