/** To be loaded where it is needed: most commands write no YAML. */
export { Document, parse, parseAllDocuments, visit } from 'yaml';
