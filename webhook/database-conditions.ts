/** contract/databases.ts in CEL: whatever belongs to a database must not wait for this webhook either. */
import {
  DATABASES,
  type DatabaseRow,
  type Marks,
  OTHER_KINDS,
  OWNERS,
  POOLERS,
} from '../contract/databases.ts';
import { all, any, listOf, not } from './policy/cel.ts';

/** As databaseMember, for a pod, or for a pod template and its workload. */
export function isDatabaseMember(pod: string, owned: string = pod): string {
  const containers = DATABASES.flatMap((row) => row.containers ?? []);
  const has = `${pod}.?spec.?containers.orValue([]).exists(c, c.name in ${listOf(containers)})`;
  return any(has, isOfRows(pod, DATABASES, owned));
}

/** As databaseService. */
export function isDatabaseService(service: string): string {
  const rows = DATABASES.filter(({ onlyPods }) => onlyPods !== true);
  return isOfRows(service, rows, service);
}

function isOfRows(object: string, rows: readonly DatabaseRow[], owned: string): string {
  const membersAlone = marked(object, marksOf(rows.filter(({ poolersToo }) => poolersToo !== true)));
  const poolersToo = marked(object, marksOf(rows.filter((row) => row.poolersToo === true)));
  const isPooler = any(...marked(object, POOLERS));
  return any(...membersAlone, all(not(isPooler), any(...poolersToo, isOwned(owned))));
}

function marksOf(rows: readonly DatabaseRow[]): Marks[] {
  return rows.flatMap(({ labels }) => (labels === undefined ? [] : [labels]));
}

function marked(object: string, marks: readonly Marks[]): string[] {
  return marks.map((labels) =>
    all(
      ...Object.entries(labels).map(([key, values]) => {
        const value = `${object}.?metadata.?labels[?'${key}']`;
        return values.length === 0 ? `${value}.hasValue()` : `${value}.orValue('') in ${listOf(values)}`;
      }),
    ),
  );
}

function isOwned(object: string): string {
  const group = `${listOf(OWNERS)}.exists(g, o.apiVersion.startsWith(g + '/'))`;
  const isOwner = all(not(`o.kind in ${listOf(OTHER_KINDS)}`), group);
  return `${object}.?metadata.?ownerReferences.orValue([]).exists(o, ${isOwner})`;
}
