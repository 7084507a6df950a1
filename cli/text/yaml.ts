/** To be loaded where it is needed: most commands write no YAML. */
export { Document, parse, visit } from 'yaml';
