import { decodeHistory } from '../../contract/history.ts';
import { decodeStatus, encodeStatus, type Status } from '../../contract/status.ts';
import { CONFIG_MAPS, type ConfigMap, LEASES } from '../../kubernetes/resources.ts';
import type { ApiServer } from './api-server.ts';
import type { Edit } from './schedule.ts';
import { LEASE, REPORT, SITES, STATUS } from './setup.ts';

const HUMAN = 'human';

/**
 * What a human does to the status ConfigMap by hand. Nothing when the report does not know its epoch yet: with the
 * leader gone at that moment, nobody could know it any more.
 */
export function editStatus(server: ApiServer, edit: Edit): void {
  const object = server.find(CONFIG_MAPS, STATUS);
  const status = decodeStatus(object?.data);
  const history = parse(server.find(CONFIG_MAPS, REPORT)?.data?.history);
  if (object === undefined || status === undefined) return;
  if (decodeHistory(history).at(-1)?.epoch !== status.epoch) return;
  if (edit === 'delete') server.delete(HUMAN, CONFIG_MAPS, STATUS, {});
  else server.replace(HUMAN, CONFIG_MAPS, { ...object, ...edited(object, status, edit) });
}

export function deleteLease(server: ApiServer): void {
  if (server.find(LEASES, LEASE) !== undefined) server.delete(HUMAN, LEASES, LEASE, {});
}

function edited(object: ConfigMap, status: Status, edit: Exclude<Edit, 'delete'>): Partial<ConfigMap> {
  const { primary: _, ...withoutPrimary } = encodeStatus(status);
  const data = encodeStatus(status);
  const activeSite = SITES.find(({ name }) => name !== status.activeSite)?.name ?? '';
  switch (edit) {
    case 'lose a key':
      return { data: withoutPrimary };
    case 'garble the epoch':
      return { data: { ...data, epoch: 'seven' } };
    case 'lower the epoch':
      return { data: encodeStatus({ ...status, epoch: 1, activeSite }) };
    case 'other site':
      return { data: encodeStatus({ ...status, activeSite }) };
    case 'raise epoch and site':
      return { data: encodeStatus({ ...status, epoch: status.epoch + 5, activeSite }) };
    case 'strip annotations':
      return { metadata: { ...object.metadata, annotations: {}, labels: {} } };
  }
}

function parse(text: string | undefined): unknown {
  return text === undefined ? undefined : JSON.parse(text);
}
