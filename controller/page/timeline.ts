import { formatDuration } from './duration.ts';
import { type Html, html } from './html.ts';
import type { MoveModel } from './model.ts';
import { timeOf } from './time.ts';

const WIDTH = 1000;
/** Of the drawing: also the shortest stay can be seen. */
const NARROWEST = 3;

/** When which site was active, newest first. `of` tells one table from another where there are several. */
export function timeline(
  moves: readonly MoveModel[],
  sites: readonly string[],
  id: string,
  of: string,
): Html {
  if (moves.length === 0) return html`<p class="nothing">No site has been active yet.</p>`;
  return html`<div class="scroll" role="region" tabindex="0" id="${id}" aria-label="Changes of the active site, ${of}newest first">
<table role="table">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Epoch</th><th role="columnheader" scope="col">Active site</th><th role="columnheader" scope="col">Since</th><th role="columnheader" scope="col">For</th><th role="columnheader" scope="col">Primary</th><th role="columnheader" scope="col">Propagated in</th></tr></thead>
<tbody role="rowgroup">
${moves.toReversed().map((move, index) => row(move, sites, index === 0))}
</tbody>
</table>
</div>`;
}

function row(move: MoveModel, sites: readonly string[], isNow: boolean): Html {
  const { epoch, from, to, node, primary, writtenAt, lastedMs, tookMs } = move;
  const lasted = isNow
    ? html`<span data-since="${writtenAt}">${formatDuration(lastedMs)}</span>`
    : formatDuration(lastedMs);
  return html`<tr role="row"><td role="cell" data-label="Epoch" class="number">${epoch}</td>
<th role="rowheader" scope="row">${swatch(sites, to)}${to}${from !== '' && html` <span class="from">from ${from}</span>`}</th>
<td role="cell" data-label="Since">${timeOf(writtenAt)}</td><td role="cell" data-label="For" class="number">${lasted}</td>
<td role="cell" data-label="Primary">${primary} <span class="on">on ${node}</span></td>
<td role="cell" data-label="Propagated in" class="number">${tookMs === undefined ? '–' : formatDuration(tookMs)}</td></tr>
`;
}

/** The same at a glance; hidden from screen readers, which have the table. */
export function bar(moves: readonly MoveModel[], sites: readonly string[]): Html {
  const total = moves.reduce((sum, { lastedMs }) => sum + lastedMs, 0) || 1;
  const free = WIDTH - NARROWEST * moves.length;
  let x = 0;
  const parts = moves.map(({ to, lastedMs, epoch }) => {
    const width = NARROWEST + (free * lastedMs) / total;
    const part = html`<rect class="site${siteNumber(sites, to)}" x="${x.toFixed(1)}" width="${(width - 1).toFixed(1)}" height="20"><title>${`${to}, epoch ${epoch}, ${formatDuration(lastedMs)}`}</title></rect>`;
    x += width;
    return part;
  });
  return html`<div class="when" aria-hidden="true"><svg class="bar" viewBox="0 0 ${WIDTH} 20" preserveAspectRatio="none">${parts}</svg>
<span>${formatDuration(total)} ago</span><span>now</span></div>`;
}

export function swatch(sites: readonly string[], site: string): Html {
  return html`<span class="swatch site${siteNumber(sites, site)}" aria-hidden="true"></span>`;
}

/** There are colours for six. */
function siteNumber(sites: readonly string[], site: string): number {
  return Math.max(0, sites.indexOf(site)) % 6;
}
