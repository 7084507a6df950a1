/** The commands that only show what is there. */
export { explain } from './explain.ts';
export { history } from './history.ts';
export { status } from './status.ts';
