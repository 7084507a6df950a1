import {
  DATABASES,
  type DatabaseRow,
  type Marks,
  OTHER_KINDS,
  OWNERS,
  POOLERS,
} from '../contract/databases.ts';

/** What contract/databases.ts knows, in CEL: whatever belongs to a database must not wait for this webhook either. */

const all = (expressions: readonly string[]) => expressions.map((one) => `(${one})`).join(' && ');
const any = (expressions: readonly string[]) => expressions.map((one) => `(${one})`).join(' || ');
const list = (texts: readonly string[]) => `[${texts.map((text) => `'${text}'`).join(', ')}]`;

/** As databaseMember, of a pod, or of a pod template and the workload that it is of. */
export function isDatabaseMember(pod: string, owned: string = pod): string {
  const containers = DATABASES.flatMap((row) => row.containers ?? []);
  const has = `${pod}.?spec.?containers.orValue([]).exists(c, c.name in ${list(containers)})`;
  return any([has, isOfRows(pod, DATABASES, owned)]);
}

/** As databaseService. */
export function isDatabaseService(service: string): string {
  const rows = DATABASES.filter(({ onlyPods }) => onlyPods !== true);
  return isOfRows(service, rows, service);
}

function isOfRows(object: string, rows: readonly DatabaseRow[], owned: string): string {
  const membersAlone = marked(object, marksOf(rows.filter(({ poolersToo }) => poolersToo !== true)));
  const poolersToo = marked(object, marksOf(rows.filter((row) => row.poolersToo === true)));
  return any([...membersAlone, all([`!(${isPooler(object)})`, any([...poolersToo, isOwned(owned)])])]);
}

function marksOf(rows: readonly DatabaseRow[]): Marks[] {
  return rows.flatMap(({ labels }) => (labels === undefined ? [] : [labels]));
}

function isPooler(object: string): string {
  return any(marked(object, POOLERS));
}

function marked(object: string, marks: readonly Marks[]): string[] {
  return marks.map((labels) =>
    all(
      Object.entries(labels).map(([key, values]) => {
        const value = `${object}.?metadata.?labels[?'${key}']`;
        return values.length === 0 ? `${value}.hasValue()` : `${value}.orValue('') in ${list(values)}`;
      }),
    ),
  );
}

function isOwned(object: string): string {
  const group = `${list(OWNERS)}.exists(g, o.apiVersion.startsWith(g + '/'))`;
  const isOwner = all([`!(o.kind in ${list(OTHER_KINDS)})`, group]);
  return `${object}.?metadata.?ownerReferences.orValue([]).exists(o, ${isOwner})`;
}
