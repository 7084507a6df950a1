import type { Side } from '../peers/side.ts';
import type { ClusterModel } from './cluster-model.ts';
import { formatDuration } from './duration.ts';
import { type Html, html, type Part } from './html.ts';
import { swatch } from './timeline.ts';

/** All clusters of a topology in one picture, each by what it says itself. */
export function clusterTable(clusters: readonly ClusterModel[], sites: readonly string[], now: number): Html {
  const titles = ['Cluster', 'State', 'Says active', 'Phase', 'Epoch', 'Timeline', 'Claim', 'Answered'];
  return html`<table role="table">
<thead role="rowgroup"><tr role="row">${titles.map((title) => html`<th role="columnheader" scope="col">${title}</th>`)}</tr></thead>
<tbody role="rowgroup">
${clusters.map((cluster) => row(cluster, sites, now))}
</tbody></table>`;
}

function row(cluster: ClusterModel, sites: readonly string[], now: number): Html {
  const { site, isOwn, side, problem } = cluster;
  // What it has said before may have changed.
  const isOld = problem !== '';
  return html`<tr role="row"${isOld && html` class="old"`}><th role="rowheader" scope="row">${swatch(sites, site)}${site}${isOwn && html` <span class="on">here</span>`}</th>
<td role="cell" data-label="State">${stateOf(cluster)}</td>
<td role="cell" data-label="Says active">${side?.activeSite || '–'}</td>
<td role="cell" data-label="Phase">${phaseOf(cluster)}</td>
<td role="cell" data-label="Epoch" class="number">${side?.epoch ?? '–'}</td>
<td role="cell" data-label="Timeline" class="number">${side?.timeline ?? '–'}</td>
<td role="cell" data-label="Claim">${claimOf(side)}</td>
<td role="cell" data-label="Answered">${answered(cluster, now)}</td></tr>
${side !== undefined && side.reason !== '' && html`<tr role="row" class="old"><td role="cell" colspan="8">${site}: ${side.reason}</td></tr>`}
${isOld && html`<tr role="row" class="error"><td role="cell" colspan="8"><strong>${site}:</strong> ${problem}</td></tr>`}`;
}

function phaseOf({ side, problem }: ClusterModel): Part {
  if (side === undefined) return '–';
  const isWell = side.phase === 'Settled' || problem !== '';
  return isWell ? side.phase : html`<span class="state warn">${side.phase}</span>`;
}

function stateOf({ isActive, side, problem }: ClusterModel): Html {
  if (problem !== '') return html`<span class="state warn">not known</span>`;
  if (side === undefined) return html`<span class="state wait">not asked yet</span>`;
  return isActive ? html`<span class="badge good">active</span>` : html`<span class="badge">standby</span>`;
}

function claimOf(side: Side | undefined): Part {
  if (side === undefined || side.claim === 'none') return '–';
  if (side.claim === 'own') return 'its own';
  return html`<span class="state warn">${side.claim.owner}, timeline ${side.claim.timeline}</span>`;
}

function answered({ isOwn, answeredAt }: ClusterModel, now: number): Part {
  if (isOwn) return html`<span class="quiet">here</span>`;
  if (answeredAt === undefined) return '–';
  const age = formatDuration(Math.max(0, now - Date.parse(answeredAt)));
  return html`<span data-since="${answeredAt}">${age}</span> <span class="quiet">ago</span>`;
}

/** Only of what was heard just now: one that cannot be asked may have become standby meanwhile. */
export function activeTwice(clusters: readonly ClusterModel[]): Part {
  const active = clusters.filter(({ isActive }) => isActive).map(({ site }) => site);
  if (active.length < 2) return '';
  return html`<p class="alert bad"><strong>${active.join(' and ')} both say that they are active.</strong> Each Cluster takes itself for the primary. Let spec.replica.primary of the one that was promoted earlier name the other one.</p>`;
}
