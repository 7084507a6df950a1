/** The other commands. */
export { runRelease } from '../release/run.ts';
export { promote } from '../topology/promote.ts';
export { check } from './check.ts';
export { completion } from './completion.ts';
export { inject, uninject } from './manifests.ts';
export { switchover } from './switchover.ts';
