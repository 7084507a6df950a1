/** The answers of the fake, as the public documentation and bug reports show them. */
import type { ApiFault, FakeHost } from './zones.ts';

const NAMESPACE = 'http://api.namecheap.com/xml.response';

const escaped = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' } as const;

export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => escaped[character as keyof typeof escaped]);
}

export function hostXml(one: FakeHost, id: number): string {
  const attributes = Object.entries({
    HostId: String(id),
    Name: one.name,
    Type: one.type,
    Address: one.address,
    MXPref: one.mxPref,
    TTL: one.ttl,
    AssociatedAppTitle: '',
    FriendlyName: one.friendlyName,
    IsActive: String(one.isActive),
    IsDDNSEnabled: String(one.isDdnsEnabled),
    ...one.extra,
  });
  return `<host ${attributes.map(([name, value]) => `${name}="${escapeXml(value)}"`).join(' ')} />`;
}

export function okXml(command: string, result: string): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<ApiResponse Status="OK" xmlns="${NAMESPACE}">
  <Errors /><Warnings />
  <RequestedCommand>${command.toLowerCase()}</RequestedCommand>
  <CommandResponse Type="${command}">
    ${result}
  </CommandResponse>
  <Server>FAKE</Server><GMTTimeDifference>--4:00</GMTTimeDifference><ExecutionTime>0.01</ExecutionTime>
</ApiResponse>
`;
}

export function errorXml({ number, message }: ApiFault): string {
  return `<?xml version="1.0" encoding="utf-8"?>
<ApiResponse Status="ERROR" xmlns="${NAMESPACE}">
  <Errors><Error Number="${number}">${escapeXml(message)}</Error></Errors><Warnings />
  <RequestedCommand />
  <Server>FAKE</Server><GMTTimeDifference>--4:00</GMTTimeDifference><ExecutionTime>0.01</ExecutionTime>
</ApiResponse>
`;
}
