import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aloneBy, type Placed } from './alone.ts';

type Spec = NonNullable<Placed['spec']>;

test('ports of the node are those of containers that run beside each other', () => {
  const ports = [{ hostPort: 80 }];
  const by = (spec: Spec) => aloneBy({ spec });
  assert.equal(by({ containers: [{ ports: [] }, { ports }] }), 'a hostPort');
  assert.equal(by({ containers: [{ ports: [{ hostPort: 0 }, {}] }], initContainers: null }), undefined);
  assert.equal(by({ initContainers: [{ ports }] }), undefined);
  assert.equal(by({ initContainers: [{ ports, restartPolicy: 'Always' }] }), 'a hostPort');
  assert.equal(aloneBy(undefined), undefined);
});

describe('pods that want nobody like them near', () => {
  const app = { matchLabels: { app: 'web' } };
  const expression = (operator: string, ...values: string[]) => ({
    matchExpressions: [{ key: 'app', operator, values }],
  });
  for (const [name, term, isAlone] of [
    ['by a label', { labelSelector: app }, true],
    ['any', { labelSelector: {} }, true],
    ['by a list', { labelSelector: expression('In', 'web', 'db') }, true],
    ['by a label that is there', { labelSelector: expression('Exists') }, true],
    ['by what they are not', { labelSelector: expression('NotIn', 'db') }, true],
    ['others', { labelSelector: { matchLabels: { app: 'db' } } }, false],
    ['others by a list', { labelSelector: expression('In', 'db') }, false],
    ['those without the label', { labelSelector: expression('DoesNotExist') }, false],
    ['what nobody knows', { labelSelector: expression('Like', 'web') }, false],
    ['none', {}, false],
    ['of the same template', { labelSelector: app, matchLabelKeys: ['pod-template-hash'] }, false],
    ['of another namespace', { labelSelector: app, namespaces: ['other'] }, false],
    ['of any namespace', { labelSelector: app, namespaceSelector: {} }, false],
  ] as const) {
    test(`${name}: ${isAlone ? 'alone' : 'beside each other'}`, () => {
      const required = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
      const by = aloneBy({
        metadata: { labels: { app: 'web' } },
        spec: { affinity: { podAntiAffinity: required } },
      });
      assert.equal(by, isAlone ? 'podAntiAffinity' : undefined);
    });
  }
});
