import { PROGRAM } from '../../contract/names.ts';
import { VERSION } from '../../contract/version.ts';
import type { ShownView } from '../peers/peers.ts';
import { clusterTable } from './clusters.ts';
import { type Html, html, type Part } from './html.ts';
import { type FollowerModel, followerModel } from './model.ts';
import { dnsTable, headline, siteCards, targetList } from './sections.ts';
import { bar, timeline } from './timeline.ts';

/**
 * The whole page, with the state in it: complete without a script. With one, the browser fetches it again at each
 * event and puts in what differs, part by part, so that there is one place where state becomes HTML.
 */
export function renderPage(view: ShownView, now: number): string {
  const followers = view.followers.map((follower) => followerModel(follower, view.peers ?? [], now));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<noscript><meta http-equiv="refresh" content="15"></noscript>
<title>${summary(followers)} &middot; ${PROGRAM}</title>
<link rel="icon" href="page.svg" type="image/svg+xml">
<link rel="stylesheet" href="page.css">
<script src="page.js"></script>
</head>
<body data-now="${now}">
<header>
<h1>${PROGRAM}</h1>
<p id="link" class="link" hidden>Live</p>
<button id="theme" type="button" hidden>Theme: system</button>
</header>
<p id="news" class="unseen" role="status"></p>
<main>
${part('lost', html`<p class="alert bad" id="lost" hidden></p>`)}
${view.dryRun && html`<p class="alert note"><strong>Dry run.</strong> It decides and logs, and publishes nothing.</p>`}
${followers.map((follower, index) => followerPart(follower, index, followers.length, now))}
</main>
<footer>
${part('footer', html`<p>${view.leader ? 'This replica leads' : 'Another replica leads, or none does; this one shows what is published'}: ${view.identity}. Version ${VERSION}. As of <time data-clock datetime="${new Date(now).toISOString()}">${new Date(now).toISOString().slice(11, 19)} UTC</time>.</p>`)}
<p class="quiet">Also as <a href="api/status">JSON</a> and <a href="metrics">metrics</a>.</p>
</footer>
</body>
</html>
`.text;
}

/** In one line, for the window's title and for who cannot see the page. */
function summary(followers: readonly FollowerModel[]): string {
  return followers
    .map(({ name, status }) => {
      const site = status?.activeSite || 'no site';
      const state = status === undefined ? 'unknown' : status.phase;
      return `${followers.length > 1 ? `${name}: ` : ''}${site} ${state}`;
    })
    .join(', ');
}

function followerPart(follower: FollowerModel, index: number, of: number, now: number): Html {
  const { name, sites, clusters, dns, moves, targets } = follower;
  const id = `f${index}`;
  // Also sites that are not configured any more: the history may still tell of them.
  const names = [...new Set([...sites.map((site) => site.name), ...moves.map(({ to }) => to)])];
  const section = (key: string, title: string, content: Html, before: Part = '') =>
    html`<section aria-labelledby="${of > 1 && `${id}-title `}${id}-${key}-title"><h3 id="${id}-${key}-title"><span data-part="${id}-${key}-title">${title}</span></h3>
${before}${part(`${id}-${key}`, content)}</section>
`;
  return html`<article class="follower" aria-labelledby="${id}-title">
<h2 id="${id}-title"${of === 1 && html` class="unseen"`}>${of === 1 ? 'The followed service' : name}</h2>
${part(`${id}-headline`, headline(follower, now))}
${part(`${id}-sites`, siteCards(follower))}
${clusters.length > 0 && section('clusters', 'What each cluster says', clusterTable(clusters, names, now))}
${dns.length > 0 && section('dns', 'DNS', dnsTable(dns))}
${section(
  'timeline',
  moves.length === 1 ? 'The only change so far' : `The last ${moves.length} changes`,
  timeline(moves, names, `${id}-moves`, of > 1 ? `of ${name}, ` : ''),
  moves.length > 0 && part(`${id}-bar`, bar(moves, names)),
)}
${targets.length > 0 && section('targets', 'Notifications', targetList(targets))}
</article>
`;
}

/** What the script replaces when it differs. */
function part(name: string, content: Part): Html {
  return html`<div data-part="${name}">${content}</div>`;
}
