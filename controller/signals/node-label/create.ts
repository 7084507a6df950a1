import type { FollowerConfig } from '../../config.ts';
import type { SignalPorts } from '../ports.ts';
import type { Signal } from '../signal.ts';
import { NodeLabel } from './index.ts';

export function nodeLabel(
  { name: follower, routing }: FollowerConfig,
  ports: SignalPorts,
): readonly Signal[] {
  return routing.nodeLabel ? [new NodeLabel(ports, follower)] : [];
}
