import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { anyText } from '../../test/support/any-text.ts';
import {
  held,
  history,
  movedNow,
  settled,
  status,
  topology,
  viewOf,
} from '../../test/support/page-states.ts';
import { formatDuration } from './duration.ts';
import { html } from './html.ts';
import { renderPage } from './page.ts';

const render = (...followers: Parameters<typeof viewOf>) => renderPage(viewOf(...followers), Date.now());

const textOf = (row: string) =>
  row
    .replace(/^[^>]*>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();

describe('the page', () => {
  test('says in its title where the service is, for each follower', () => {
    assert.match(render(settled()), /<title>us-east Settled &middot; kube-site-follower<\/title>/);
    const two = render(settled(), settled({ status: undefined }, 'mongo'));
    assert.match(two, /<title>default: us-east Settled, mongo: no site unknown &middot; /);
    assert.match(two, /<h2 id="f1-title">mongo<\/h2>/);
  });

  test('says why it holds and what to do', () => {
    const text = render(held());
    assert.match(text, /PodWithoutNode: pod postgres\/pg-cluster-1 has no node/);
    assert.match(text, /The primary’s pod has not been scheduled\. Look at the pod’s Events/);
  });

  test('says that nothing is published, and why', () => {
    const problem = 'no status is published: configmaps is forbidden';
    assert.match(
      render(settled({ problem })),
      /Nothing is published\.<\/strong> no status is published: configmaps/,
    );
    assert.match(render(settled({ status: undefined, problem })), /Unknown[\s\S]*configmaps is forbidden/);
  });

  test('counts the pods that are on the wrong side, late or missed', () => {
    const text = render(movedNow());
    for (const words of ['3 still ready on the wrong side', '8 not ready yet', '1 without the sidecar']) {
      assert.ok(text.includes(words), words);
    }
    assert.match(render(settled({ pods: undefined })), /No pods observed yet/);
  });

  test('shows how far each DNS record is, and the provider’s own words', () => {
    const text = render(movedNow());
    assert.match(text, /app\.example\.com <span class="type">A<\/span>/);
    assert.equal(text.match(/still 192\.0\.2\.10/g)?.length, 4);
    assert.match(text, /1011150: Invalid request IP.*Add the address/);
  });

  test('shows all clusters of a topology in one picture, and one that does not answer as such', () => {
    const text = renderPage(topology(), Date.now());
    const rows = text.slice(text.indexOf('What each cluster says')).split('<tr').slice(2, 6).map(textOf);
    assert.match(rows[0] ?? '', /us-east here active us-east Settled 9 7 its own here$/);
    assert.match(rows[1] ?? '', /us-west not known us-east Settled 2 7 – 7 min ago$/);
    assert.match(rows[2] ?? '', /^us-west: it gave no answer within 5000 ms$/);
    assert.match(rows[3] ?? '', /eu-west standby us-east Settled 4 7 – 3 s ago/);
    assert.doesNotMatch(text, /both say/);
    assert.doesNotMatch(render(settled()), /What each cluster says/);
  });

  test('says that two clusters are active at once, but not of one that was heard of long ago', () => {
    const active = topology({ activeSite: 'eu-west', phase: 'Held', reason: '<ClaimedElsewhere>' });
    const text = renderPage(active, Date.now());
    assert.match(text, /us-east and eu-west both say that they are active/);
    assert.match(text, /eu-west: &lt;ClaimedElsewhere&gt;/);
    const peers = active.peers?.map((peer) => ({ ...peer, problem: 'no answer' }));
    assert.doesNotMatch(renderPage({ ...active, peers }, Date.now()), /both say/);
  });

  test('believes no peer that is another cluster, or that does not have the follower', () => {
    assert.match(renderPage(topology({ site: 'us-east' }), Date.now()), /it is us-east, so its URL in PEERS/);
    const none = renderPage(topology({ follower: 'mongo' }), Date.now());
    assert.match(none, /it shows no status of the follower default/);
    const view = topology();
    const peers = view.peers?.map((peer) => ({ ...peer, answeredAt: null, problem: '', sides: [] }));
    assert.match(renderPage({ ...view, peers }, Date.now()), /not asked yet/);
    const unpublished = settled({ status: undefined });
    assert.match(
      renderPage({ ...view, followers: [unpublished] }, Date.now()),
      /<tbody[^>]*>\s*<tr[^>]*><th[^>]*>.*eu-west/,
    );
  });

  test('tells a hold as one also while the service says that it moves', () => {
    const textOf = (reason: string) =>
      render(settled({ status: status({ phase: 'Transitioning', reason }) }));
    assert.match(textOf('Moving: to pg-2'), /The primary is moving\./);
    const text = textOf('PodNotFound: pod pg-1 does not exist');
    assert.match(text, /The last site is held\.<\/strong> PodNotFound.*Wait for the operator/s);
    assert.doesNotMatch(text, /The primary is moving/);
  });

  test('tells name servers that are silent from those that know nothing', () => {
    const record = { zone: 'example.com', name: 'app.example.com', type: 'A', wanted: ['192.0.2.1'] };
    const seen = { values: [], at: '2026-01-01T00:00:00.000Z', silent: [] };
    const textOf = (servers: string[]) =>
      render(settled({ report: { dns: [{ ...record, seen: { ...seen, servers } }] } }));
    assert.match(textOf([]), /Seen"><span class="state warn">no answer</);
    assert.match(textOf(['ns1']), /1 of 1 behind/);
    assert.match(textOf(['ns1']), /Seen"><span class="state warn">still nothing</);
  });

  test('calls a record that is accepted and cannot be seen from here not behind', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const record = { zone: 'example.com', name: 'app.example.com', type: 'A', wanted: ['192.0.2.1'] };
    const accepted = { values: record.wanted, at };
    const factOf = (more: object) =>
      /DNS<\/dt><dd><span[^>]*>([^<]*)/.exec(
        render(settled({ report: { dns: [{ ...record, accepted, ...more }] } })),
      )?.[1];
    const seen = (values: string[], servers: string[]) => ({
      seen: { values, at, servers, silent: ['ns1'] },
    });
    assert.equal(factOf(seen([], [])), '1 of 1 not seen');
    assert.equal(factOf({}), '1 of 1 not seen');
    assert.equal(factOf(seen(['192.0.2.9'], ['ns1'])), '1 of 1 behind');
    assert.equal(factOf(seen(['192.0.2.1'], ['ns1'])), 'all followed');
    assert.equal(factOf({ ...seen([], []), accepted: { values: [], at } }), '1 of 1 behind');
  });

  test('names the provider of a record where there are several', () => {
    const record = { zone: 'example.com', name: 'app.example.com', type: 'A', wanted: ['192.0.2.1'] };
    const dns = ['cloudflare', 'rfc2136'].map((provider) => ({ ...record, provider }));
    assert.match(render(settled({ report: { dns } })), /A at cloudflare<[\s\S]*A at rfc2136</);
    assert.doesNotMatch(render(settled({ report: { dns: dns.slice(1) } })), /at rfc2136/);
  });

  test('shows 50 moves with their durations, newest first, and the same in a bar of full width', () => {
    const text = render(settled({ report: { history: history(50) } }));
    const epochs = [...text.matchAll(/data-label="Epoch" class="number">(\d+)</g)].map(([, epoch]) =>
      Number(epoch),
    );
    assert.deepEqual(
      epochs,
      Array.from({ length: 50 }, (_, index) => 50 - index),
    );
    const widths = [...text.matchAll(/<rect class="site\d" x="[\d.]+" width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    assert.equal(widths.length, 50);
    assert.ok(Math.abs(widths.reduce((sum, width) => sum + width + 1, 0) - 1000) < 3);
    assert.ok(widths.every((width) => width >= 2));
  });

  test('has no script, style or address of its own making inside', () => {
    const text = render(movedNow(), held());
    assert.doesNotMatch(text, / style=| on[a-z]+=|<style|<script(?! src="page\.js")|https?:|="\//);
  });
});

test('names that hold HTML, quotes, controls or turned text are shown and do nothing', () => {
  const evil = `"><img src=x onerror=alert(1)>'<script>alert(1)</script>&amp;\u202e\u0007`;
  const sites = { [evil]: [evil] };
  const move = { epoch: 9, from: evil, to: evil, node: evil, primary: evil, movedAt: evil, writtenAt: evil };
  const error = { text: evil, code: evil, kind: evil, action: evil, since: evil };
  const text = render(
    settled(
      {
        status: status({
          activeSite: evil,
          activeNode: evil,
          primary: evil,
          reason: evil,
          phase: 'Held',
          since: evil,
          sites,
        }),
        problem: evil,
        report: {
          history: [move],
          dns: [{ zone: evil, name: evil, type: evil, wanted: [evil], error }],
          notify: { targets: { [evil]: { epoch: 1, waiting: [], dropped: 0 } } },
        },
        pods: { [evil]: { ready: 1, total: 2, gatedReady: 1, missed: 1 } },
      },
      evil,
    ),
    settled({}, evil),
  );
  assert.doesNotMatch(text, /<img|<script>|alert\(1\)'|\u202e/);
  assert.ok(!text.includes('\u0007'));
  assert.ok(text.includes('&lt;img src=x onerror=alert(1)&gt;'));
});

test('a report that somebody edited into garbage is left out, whatever it is', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (dns, moves, notify) => {
      const text = render(settled({ report: { dns, history: moves, notify } }));
      assert.match(text, /<\/html>\n$/);
      assert.doesNotMatch(text, /NaN|undefined|\[object/);
    }),
  );
});

test('what is not Html is escaped, and nothing is shown for what is absent', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const shown = html`<p title="${text}">${text}</p>`.text;
      const inner = shown.slice('<p title="'.length, -'</p>'.length);
      assert.deepEqual(inner.match(/[<>"']/g), ['"', '>']);
    }),
  );
  assert.equal(html`${undefined}${false}${0}${['<', html`<b>`]}`.text, '0&lt;<b>');
});

test('durations have two units at most', () => {
  const cases: [number, string][] = [
    [-5, '0 ms'],
    [999, '999 ms'],
    [1000, '1 s'],
    [61_000, '1 min 1 s'],
    [3_600_000, '1 h'],
    [3_601_000, '1 h'],
    [90_000_000, '1 d 1 h'],
    [86_400_000 * 400, '400 d'],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text);
});
