/**
 * Label selectors in the string form of the API: `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
 * Source: Kubernetes documentation, "Labels and Selectors"; apimachinery's labels.Parse.
 */

type Requirement = (labels: Readonly<Record<string, string>>) => boolean;

export interface LabelSelector {
  matches(labels: Readonly<Record<string, string>> | undefined): boolean;
}

const KEY = /^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

/** Throws SyntaxError with the part that is wrong. An empty selector is refused: it would match every object. */
export function parseLabelSelector(text: string): LabelSelector {
  const requirements = splitAtTopLevelCommas(text).map(parseRequirement);
  return { matches: (labels = {}) => requirements.every((requirement) => requirement(labels)) };
}

function splitAtTopLevelCommas(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

function parseRequirement(text: string): Requirement {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(text);
  if (set !== null) {
    const key = checkedKey(set[1] ?? '', text);
    const values = new Set((set[3] ?? '').split(',').map((value) => checkedValue(value.trim(), text)));
    const wanted = set[2] === 'in';
    return (labels) => {
      const value = labels[key];
      return value === undefined ? !wanted : values.has(value) === wanted;
    };
  }
  const equality = /^([^=!\s]+)\s*(==|=|!=)\s*(\S*)$/.exec(text);
  if (equality !== null) {
    const key = checkedKey(equality[1] ?? '', text);
    const value = checkedValue(equality[3] ?? '', text);
    return equality[2] === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  if (text.startsWith('!')) {
    const key = checkedKey(text.slice(1).trim(), text);
    return (labels) => labels[key] === undefined;
  }
  const key = checkedKey(text, text);
  return (labels) => labels[key] !== undefined;
}

function checkedKey(key: string, part: string): string {
  if (!KEY.test(key)) throw new SyntaxError(`"${part}" has no valid label key`);
  return key;
}

function checkedValue(value: string, part: string): string {
  if (!VALUE.test(value)) throw new SyntaxError(`"${part}" has no valid label value`);
  return value;
}
