import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aloneBy, type Placed } from './alone.ts';

type Spec = NonNullable<Placed['spec']>;

test('ports of the node are those of containers that run beside each other', () => {
  const ports = [{ hostPort: 80 }];
  const by = (spec: Spec) => aloneBy({ spec }, 'shop');
  assert.equal(by({ containers: [{ ports: [] }, { ports }] }), 'a hostPort keeps');
  assert.equal(by({ containers: [{ ports: [{ hostPort: 0 }, {}] }], initContainers: null }), undefined);
  assert.equal(by({ initContainers: [{ ports }] }), undefined);
  assert.equal(by({ initContainers: [{ ports, restartPolicy: 'Always' }] }), 'a hostPort keeps');
  assert.equal(aloneBy(undefined, 'shop'), undefined);
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
    ['of their own namespace by its name', { labelSelector: app, namespaces: ['other', 'shop'] }, true],
    ['of any namespace', { labelSelector: app, namespaceSelector: {} }, true],
  ] as const) {
    test(`${name}: ${isAlone ? 'alone' : 'beside each other'}`, () => {
      const required = { requiredDuringSchedulingIgnoredDuringExecution: [term] };
      const by = aloneBy(
        {
          metadata: { labels: { app: 'web' } },
          spec: { affinity: { podAntiAffinity: required } },
        },
        'shop',
      );
      assert.equal(by, isAlone ? 'podAntiAffinity keeps' : undefined);
    });
  }

  const NAME = 'kubernetes.io/metadata.name';
  const team = { team: 'shop' };
  for (const [name, where, sure, unknown] of [
    ['a name', { namespaces: ['shop'] }, 'keeps', 'may keep'],
    ['another name', { namespaces: ['other'] }, undefined, 'may keep'],
    ['no name', { namespaces: [] }, 'keeps', 'keeps'],
    ['nothing', { namespaces: null, namespaceSelector: null }, 'keeps', 'keeps'],
    ['all labels', { namespaceSelector: { matchLabels: {}, matchExpressions: [] } }, 'keeps', 'keeps'],
    ['all, and a name', { namespaces: ['other'], namespaceSelector: {} }, 'keeps', 'keeps'],
    ['a label', { namespaceSelector: { matchLabels: team } }, 'may keep', 'may keep'],
    [
      'a label, and its name',
      { namespaces: ['shop'], namespaceSelector: { matchLabels: team } },
      'keeps',
      'may keep',
    ],
    [
      'the label of its name',
      { namespaceSelector: { matchLabels: { [NAME]: 'shop' } } },
      'keeps',
      'may keep',
    ],
    [
      'that of another name',
      { namespaceSelector: { matchLabels: { ...team, [NAME]: 'other' } } },
      undefined,
      'may keep',
    ],
    [
      'any name but another',
      { namespaceSelector: { matchExpressions: [{ key: NAME, operator: 'NotIn', values: ['other'] }] } },
      'keeps',
      'may keep',
    ],
    [
      'any name but its own',
      { namespaceSelector: { matchExpressions: [{ key: NAME, operator: 'NotIn', values: ['shop'] }] } },
      undefined,
      'may keep',
    ],
  ] as const) {
    test(`in namespaces by ${name}: ${sure ?? 'beside each other'}`, () => {
      const required = { requiredDuringSchedulingIgnoredDuringExecution: [{ labelSelector: app, ...where }] };
      const placed = {
        metadata: { labels: { app: 'web' } },
        spec: { affinity: { podAntiAffinity: required } },
      };
      assert.equal(aloneBy(placed, 'shop'), sure && `podAntiAffinity ${sure}`);
      assert.equal(aloneBy(placed, ''), `podAntiAffinity ${unknown}`, 'of a namespace that is not known');
    });
  }
});
