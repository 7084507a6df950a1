/** Apart from the code that prints them, which the declarations of the options must not load. */
export const MANIFEST_FORMATS = ['json', 'yaml'] as const;

export type ManifestFormat = (typeof MANIFEST_FORMATS)[number];
