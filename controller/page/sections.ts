import { activeTwice } from './clusters.ts';
import { formatDuration } from './duration.ts';
import { type Html, html, type Part } from './html.ts';
import type { DnsModel, FollowerModel, ShownValues, SiteModel, TargetModel } from './model.ts';
import { timeOf } from './time.ts';
import { swatch } from './timeline.ts';

/** The answer to the first question: which site, since when, on which node; and why not, when it is not certain. */
export function headline(follower: FollowerModel, now: number): Html {
  const { status, hold, problem, clusters } = follower;
  const alert = [
    activeTwice(clusters),
    problem !== '' && html`<p class="alert bad"><strong>Nothing is published.</strong> ${problem}</p>`,
  ];
  if (status === undefined) {
    return html`<p class="active unknown">Unknown</p>
${alert}<p class="nothing">No status has been published, or it cannot be read. The controller writes it as soon as it has found the primary.</p>`;
  }
  const { activeSite, activeNode, primary, phase, reason, epoch, since } = status;
  const age = now - Date.parse(since);
  // Also while it is about to move, when nothing tells where it runs meanwhile.
  const isHeld = phase === 'Held' || hold !== undefined;
  return html`<p class="active">${activeSite || 'No site yet'} ${badge(phase)}</p>
${
  activeSite !== '' &&
  html`<dl class="facts">
<div><dt>Active for</dt><dd><span data-since="${since}">${Number.isNaN(age) ? '–' : formatDuration(Math.max(0, age))}</span> <span class="quiet">since ${timeOf(since)}</span></dd></div>
<div><dt>Primary</dt><dd>${primary} <span class="quiet">on ${activeNode}</span></dd></div>
<div><dt>Epoch</dt><dd>${epoch}</dd></div>
${inShort(follower)}
</dl>`
}
${alert}${isHeld && html`<div class="alert warn"><p><strong>The last site is held.</strong> ${reason}</p>${hold && html`<p>${hold.meaning} ${plain(hold.action)}</p>`}</div>`}${phase === 'Transitioning' && !isHeld && html`<p class="alert note"><strong>The primary is moving.</strong> ${reason || 'The last site stays active until the primary has moved.'}</p>`}`;
}

/** Whether everything has followed, in a word for each: the details are below. */
function inShort({ sites, dns, targets }: FollowerModel): Part {
  const fact = (title: string, count: number, trouble: string, fine: string) =>
    html`<div><dt>${title}</dt><dd>${count > 0 ? html`<span class="state warn">${count} ${trouble}</span>` : html`<span class="state good">${fine}</span>`}</dd></div>
`;
  const counted = sites.flatMap(({ pods, isActive }) => (pods ? [{ ...pods, isActive }] : []));
  const wrong = counted.reduce((sum, { isActive, gatedReady }) => sum + (isActive ? 0 : gatedReady), 0);
  const late = counted.reduce((sum, { isActive, ready, total }) => sum + (isActive ? total - ready : 0), 0);
  // Accepted, but not visible from here: that does not mean that the address is wrong.
  const isUnseen = ({ accepted, seen, error }: DnsModel) =>
    accepted.agrees && error === undefined && (seen.at === undefined || seen.isSilent);
  const unseen = dns.filter(isUnseen).length;
  const behind = dns.filter(
    (record) => !isUnseen(record) && !(record.accepted.agrees && record.seen.agrees && !record.error),
  ).length;
  const failing = targets.filter(({ problem }) => problem !== '').length;
  return [
    counted.length > 0 &&
      fact('Pods', wrong, 'on the wrong side', late > 0 ? `${late} still to come` : 'all followed'),
    dns.length > 0 &&
      fact('DNS', behind || unseen, `of ${dns.length} ${behind > 0 ? 'behind' : 'not seen'}`, 'all followed'),
    targets.length > 0 && fact('Notifications', failing, `of ${targets.length} not reached`, 'all reached'),
  ];
}

export function badge(phase: string): Html {
  const kind = { Settled: 'good', Transitioning: 'note', Held: 'warn' }[phase] ?? 'warn';
  return html`<span class="badge ${kind}">${phase}</span>`;
}

/** The tables have Markdown for code. */
function plain(markdown: string): string {
  return markdown.replaceAll('`', '');
}

export function siteCards({ sites, status }: FollowerModel): Html {
  const names = sites.map(({ name }) => name);
  return html`<ul class="sites">${sites.map((site) => siteCard(site, names, status?.activeNode ?? '', status?.primary ?? ''))}</ul>`;
}

function siteCard(site: SiteModel, names: readonly string[], activeNode: string, primary: string): Html {
  const { name, isActive, nodes } = site;
  const role = isActive
    ? html`<span class="badge good">active</span>`
    : html`<span class="badge">standby</span>`;
  const list = nodes.map(
    (node) =>
      html`<li>${node}${isActive && node === activeNode && html` <span class="primary">${primary}</span>`}</li>`,
  );
  const title = name === '' ? html`On nodes without a site` : html`${swatch(names, name)}${name} ${role}`;
  return html`<li class="site${isActive && ' is-active'}"><h3>${title}</h3>
${name !== '' && html`<ul class="nodes" aria-label="Nodes">${nodes.length === 0 ? html`<li class="nothing">no node</li>` : list}</ul>`}
${podsOf(site)}</li>
`;
}

function podsOf({ pods, isActive }: SiteModel): Html {
  if (pods === undefined) return html`<p class="pods nothing">No pods observed yet.</p>`;
  const { ready, total, gatedReady, missed } = pods;
  const waiting = isActive ? total - ready : 0;
  const wrong = isActive ? 0 : gatedReady;
  return html`<p class="pods">${total === 0 ? html`<span class="nothing">no pods</span>` : html`<strong>${ready}</strong> of ${total} ${total === 1 ? 'pod' : 'pods'} ready`}</p>
${total > 0 && html`<svg class="share" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true"><rect class="all" width="100" height="4"/><rect class="${isActive ? 'good' : 'warn'}" width="${((100 * (isActive ? ready : wrong)) / total).toFixed(1)}" height="4"/></svg>`}
${waiting > 0 && html`<p class="hint">${waiting} not ready yet</p>`}${wrong > 0 && html`<p class="hint">${wrong} still ready on the wrong side</p>`}${missed > 0 && html`<p class="hint">${missed} without the sidecar</p>`}`;
}

export function dnsTable(records: readonly DnsModel[]): Html {
  return html`<table role="table">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Record</th><th role="columnheader" scope="col">Desired</th><th role="columnheader" scope="col">Accepted by the provider</th><th role="columnheader" scope="col">Seen at the name servers</th></tr></thead>
<tbody role="rowgroup">
${records.map(dnsRow)}
</tbody></table>`;
}

function dnsRow({ provider, name, type, wanted, accepted, seen, error }: DnsModel): Html {
  return html`<tr role="row"><th role="rowheader" scope="row">${name} <span class="type">${type}${provider !== '' && ` at ${provider}`}</span></th>
<td role="cell" data-label="Desired">${wanted.join(', ')}</td>
<td role="cell" data-label="Accepted">${shownValues(accepted)}</td>
<td role="cell" data-label="Seen">${shownValues(seen)}</td></tr>
${error && html`<tr role="row" class="error"><td role="cell" colspan="4"><strong>Since ${timeOf(error.since)}:</strong> ${error.text}. ${plain(error.action)}</td></tr>`}`;
}

function shownValues({ values, agrees, isSilent, at }: ShownValues): Html {
  if (at === undefined) return html`<span class="state wait">not yet</span>`;
  if (isSilent) return html`<span class="state warn">no answer</span>`;
  if (agrees) return html`<span class="state good">yes</span> <span class="quiet">${timeOf(at)}</span>`;
  return html`<span class="state warn">still ${values.join(', ') || 'nothing'}</span>`;
}

export function targetList(targets: readonly TargetModel[]): Html {
  return html`<ul class="targets">${targets.map(
    ({ name, waiting, dropped, problem, last }) => html`<li><strong>${name}</strong>
${problem === '' ? html`<span class="state good">reached</span>` : html`<span class="state warn">${problem}</span>`}
${waiting > 0 && html`<span>${waiting} waiting</span>`} ${dropped > 0 && html`<span>${dropped} dropped</span>`}
${last && html`<span class="quiet">last: ${last.kind} ${last.outcome} ${timeOf(last.at)}</span>`}</li>
`,
  )}</ul>`;
}
