import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directByNoProxy } from './no-proxy.ts';
import { parseProxy, proxyRules } from './proxies.ts';

/** What golang.org/x/net/http/httpproxy documents, entry by entry, and what its UseProxy tests show. */
for (const { noProxy, direct, proxied } of [
  { noProxy: '', direct: [], proxied: ['https://example.com', 'https://10.0.0.1', 'http://svc'] },
  {
    noProxy: '*',
    direct: ['https://example.com', 'http://192.0.2.1:8080', 'https://[2001:db8::1]'],
    proxied: [],
  },
  { noProxy: 'x.invalid, *', direct: ['https://example.com'], proxied: [] },
  {
    noProxy: 'example.com',
    direct: [
      'https://example.com',
      'https://EXAMPLE.com:8443',
      'https://api.example.com',
      'https://a.b.example.com',
    ],
    proxied: ['https://badexample.com', 'https://example.com.evil.test', 'https://com'],
  },
  {
    noProxy: ' .example.com , *.example.org ',
    direct: ['https://api.example.com', 'https://a.b.example.org'],
    proxied: ['https://example.com', 'https://example.org'],
  },
  {
    noProxy: 'example.com:8443,.example.org:80',
    direct: ['https://example.com:8443', 'http://www.example.org'],
    proxied: ['https://example.com', 'https://www.example.org'],
  },
  {
    noProxy: '10.0.0.0/8,192.0.2.7,198.51.100.1:8080,2001:db8::/32,[2001:db9::1]:443,[2001:db9::2]',
    direct: [
      'https://10.255.0.1',
      'https://192.0.2.7:1',
      'http://198.51.100.1:8080',
      'https://[2001:db8:ffff::1]:9',
      'https://[2001:db9::1]',
      'https://[2001:db9::2]:7',
    ],
    proxied: [
      'https://11.0.0.1',
      'https://192.0.2.8',
      'http://198.51.100.1',
      'http://[2001:db9::1]',
      'https://ten.test',
    ],
  },
  {
    noProxy: '.svc,.cluster.local',
    direct: ['http://provider.dns.svc:8888', 'http://provider.dns.svc.cluster.local'],
    proxied: ['http://provider', 'http://svc', 'https://api.cloudflare.com'],
  },
  {
    noProxy: 'münchen.example',
    direct: ['https://xn--mnchen-3ya.example', 'https://api.münchen.example'],
    proxied: [],
  },
  { noProxy: ':80,10.0.0.0/99,/8,..,[', direct: [], proxied: ['http://example.com', 'http://10.0.0.1'] },
]) {
  test(`NO_PROXY ${JSON.stringify(noProxy)}`, () => {
    const isDirect = directByNoProxy(noProxy.split(','));
    for (const url of direct) assert.equal(isDirect(new URL(url)), true, url);
    for (const url of proxied) assert.equal(isDirect(new URL(url)), false, url);
    // What is here is never called through a proxy, whatever the list.
    for (const here of [
      'http://localhost:8888',
      'http://127.0.0.1',
      'https://127.9.9.9:1',
      'http://[::1]:8888',
    ])
      assert.equal(isDirect(new URL(here)), true, here);
  });
}

test('each scheme has its own proxy, and shows it without credentials', () => {
  const proxyFor = proxyRules({
    https: 'http://ann:s3cret@proxy.test:3128',
    http: undefined,
    noProxy: ['direct.test'],
  });
  assert.equal(proxyFor(new URL('https://api.test'))?.shown, 'http://proxy.test:3128');
  assert.equal(proxyFor(new URL('http://api.test')), undefined);
  assert.equal(proxyFor(new URL('https://direct.test')), undefined);
});

test('what is the address of a proxy', () => {
  const shown = (text: string) => parseProxy(text)?.origin;
  assert.equal(shown('proxy.test:3128'), 'http://proxy.test:3128');
  assert.equal(shown('ann:p%40ss@proxy.test'), 'http://proxy.test');
  assert.equal(shown('https://proxy.test'), 'https://proxy.test');
  assert.equal(shown('HTTP://proxy.test:3128/'), 'http://proxy.test:3128');
  for (const wrong of [
    'socks5://proxy.test:1080',
    'http://',
    'http://ann:5%@proxy.test',
    'http://p.test?x=1',
    'a b',
  ])
    assert.equal(shown(wrong), undefined, wrong);
});
