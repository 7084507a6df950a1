/** To be imported dynamically, as most commands need no YAML. */
export { Document, parse, parseAllDocuments, visit } from 'yaml';
