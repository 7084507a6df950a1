const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const WHOLE_LABEL = new RegExp(`^${LABEL}$`);
const SUBDOMAIN = new RegExp(`^(?=.{1,253}$)${LABEL}(\\.${LABEL})*$`);

/** Objects such as nodes, Clusters and ConfigMaps: RFC 1123 subdomain. */
export function isObjectName(text: string): boolean {
  return SUBDOMAIN.test(text);
}

/** Namespaces and Services: RFC 1123 label. */
export function isLabelName(text: string): boolean {
  return WHOLE_LABEL.test(text);
}
