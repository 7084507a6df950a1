import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { anyText } from '../../../test/support/any-text.ts';
import { escapeXml } from '../../../test/support/namecheap/answers.ts';
import { only, parseAnswer } from './xml.ts';

const COMMAND = 'namecheap.domains.dns.getHosts';
const NAMESPACE = 'http://api.namecheap.com/xml.response';
const parse = (text: string) => parseAnswer(text, COMMAND, 'getHosts for example.com');

function answer(hosts: string): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<ApiResponse Status="OK" xmlns="${NAMESPACE}"><Errors /><Warnings />
<CommandResponse Type="${COMMAND}"><Result Domain="example.com">${hosts}</Result></CommandResponse>
</ApiResponse>`;
}

function addresses(text: string): (string | undefined)[] {
  const hosts = only(parse(text), 'Result', 'test').children.get('host') ?? [];
  return hosts.map(({ attributes }) => attributes.get('Address'));
}

test('none, one and many; host and Host', () => {
  assert.deepEqual(addresses(answer('')), []);
  assert.deepEqual(addresses(answer('<host Address="1" />')), ['1']);
  assert.deepEqual(addresses(answer('<Host Address="1"></Host><host Address="2"/>')), ['1', '2']);
});

test('whatever text a record holds comes out as it is', () => {
  const text = anyText.filter((value) => !/[\p{Cc}\p{Cs}]/u.test(value));
  fc.assert(
    fc.property(fc.array(text), (values) => {
      const hosts = values.map((value) => `<host Address="${escapeXml(value)}" />`).join('');
      assert.deepEqual(addresses(answer(hosts)), values);
    }),
  );
});

test('references: named, decimal, hexadecimal, and only once', () => {
  const hosts = '<host Address="&quot;&#65;&#x1F600;&amp;quot; &apos;&lt;&gt;" />';
  assert.deepEqual(addresses(answer(hosts)), ['"A😀&quot; \'<>']);
});

const untrusted: readonly (readonly [name: string, text: string, message: RegExp])[] = [
  ['cut off', answer('').slice(0, -1), /does not end with <\/ApiResponse>/],
  ['cut off, with something after the end', `${answer('')}<!-- -->`, /does not end with/],
  ['a hole in the middle', answer('<host Address="1"><host Address="2" />'), /not well-formed/],
  ['an end glued to a cut body', `${answer('').slice(0, 200)}</ApiResponse>`, /not well-formed/],
  ['a raw line break in a value', answer('<host Address="1\n2" />'), /control character/],
  ['a raw "<" in a value', answer('<host Address="1<2" />'), /raw "<"/],
  ['a lone "&"', answer('<host Address="a & b" />'), /unknown reference/],
  ['an unknown reference', answer('<host Address="&nbsp;" />'), /unknown reference/],
  ['a reference to no character', answer('<host Address="&#xD800;" />'), /unknown reference/],
  ['an attribute twice', answer('<host Address="1" Address="2" />'), /not well-formed/],
  ['a name that is none', answer('<constructor />'), /not well-formed/],
  ['a foreign root', '<Other></Other><ApiResponse></ApiResponse>', /not well-formed/],
  ['a prefix', answer('').replaceAll('ApiResponse', 'n:ApiResponse'), /does not end with/],
  ['no namespace', answer('').replace(/ xmlns="[^"]*"/, ''), /namespace is ""/],
  ['a web page', '<!DOCTYPE html><html><body>Attention</body></html>', /web page/],
];
for (const [name, text, message] of untrusted) {
  test(`${name} is not trusted`, () => {
    assert.throws(() => parse(text), { name: 'DnsError', code: 'bad-answer', kind: 'retry', message });
  });
}

test('every error of an answer is reported, and the first one’s code decides', () => {
  const errors = '<Error Number="1011102">API Key is invalid</Error><Error Number="5">and\n more</Error>';
  const text = `<ApiResponse Status="ERROR" xmlns="${NAMESPACE}"><Errors>${errors}</Errors><Warnings /></ApiResponse>`;
  assert.throws(() => parse(text), {
    code: '1011102',
    kind: 'config',
    message: 'Namecheap refused getHosts for example.com: API Key is invalid (1011102); and more (5)',
  });
});

test('an error inside an answer that says OK is an error', () => {
  const text = answer('').replace(
    '<Errors />',
    '<Errors><Error Number="4011103">Access denied</Error></Errors>',
  );
  assert.throws(() => parse(text), { code: '4011103' });
});
