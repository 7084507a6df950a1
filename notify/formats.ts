import { oneLine } from '../runtime/one-line.ts';
import type { Notification } from './notifications.ts';
import type { NotifyTarget } from './target.ts';

type Preset = NotifyTarget['preset'];

interface Format {
  readonly contentType: string;
  readonly format: (notification: Notification, source: string) => object;
  /** Whether the receiver checks a signature; the others know us by their secret URL. */
  readonly signed: boolean;
}

/** How a notification is put for a kind of receiver. */
export const FORMATS: Readonly<Record<Preset, Format>> = {
  webhook: { contentType: 'application/cloudevents+json; charset=utf-8', format: cloudEvent, signed: true },
  slack: { contentType: 'application/json', format: slackMessage, signed: false },
  discord: { contentType: 'application/json', format: discordMessage, signed: false },
};

/** CloudEvents 1.0 in structured mode: all of the event stands in the body, which is what is signed. */
function cloudEvent({ id, kind, time, data }: Notification, source: string): object {
  return {
    specversion: '1.0',
    id,
    source,
    type: `site-follower.${kind}`,
    subject: data.follower,
    time,
    datacontenttype: 'application/json',
    data,
  };
}

function slackMessage(notification: Notification): object {
  // Slack’s own rule: these three, and nothing else; without `<` no link and no @channel can be made.
  const harmless = (text: string) =>
    text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return { text: lines(notification, harmless, '*').join('\n') };
}

function discordMessage(notification: Notification): object {
  const harmless = (text: string) => text.replaceAll(/[\\*_~`|>#[\]()<@:]/g, '\\$&');
  // The name of an object must not mention anybody.
  return { content: lines(notification, harmless, '**').join('\n'), allowed_mentions: { parse: [] } };
}

function lines(
  { kind, time, data }: Notification,
  harmless: (text: string) => string,
  bold: string,
): readonly string[] {
  const { follower, epoch, primary } = data;
  const shown = (text: string) => harmless(oneLine(text));
  const site = shown(data.activeSite || 'no site');
  const where = primary === '' ? '' : `${shown(primary)} on ${shown(data.activeNode)}`;
  const title = {
    connected: `Notifications are set up: ${site} is active`,
    'site-changed': `Active site: ${site}${data.previousSite === '' ? '' : ` (was ${shown(data.previousSite)})`}`,
    held: `No answer for a minute: ${site} stays active`,
    settled: `Settled again in ${site}`,
  }[kind];
  const reason = data.reason === '' ? [] : [shown(data.reason)];
  const foot = [where, `epoch ${epoch}`, `follower ${shown(follower)}`, shown(time)];
  return [`${bold}${title}${bold}`, ...reason, foot.filter((part) => part !== '').join(' · ')];
}
