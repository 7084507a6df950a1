import type { KubeObject, List, ListOptions, Resource } from '../../kubernetes/api.ts';
import { KubeError } from '../../kubernetes/errors.ts';
import { FakeApi, page } from '../../kubernetes/testing/fake-api.ts';

/** Lists what it was given of each kind by its plural; `forbidden`: the user may not list that. */
export class ListedApi extends FakeApi {
  readonly #objects: Readonly<Record<string, readonly KubeObject[] | 'forbidden'>>;

  constructor(objects: Readonly<Record<string, readonly KubeObject[] | 'forbidden'>>) {
    super();
    this.#objects = objects;
  }

  override async list<T extends KubeObject>(
    { plural }: Resource<T>,
    { namespace }: ListOptions = {},
  ): Promise<List<T>> {
    const all = this.#objects[plural] ?? [];
    if (all === 'forbidden') throw new KubeError('no', { status: 403, reason: 'Forbidden' });
    const found = all.filter(({ metadata }) => (namespace ?? metadata.namespace) === metadata.namespace);
    return page(found, '1') as List<T>;
  }
}
