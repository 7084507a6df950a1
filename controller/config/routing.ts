import { flag } from './fields.ts';
import { Setting } from './settings.ts';

/** Ways to reach the active site inside the cluster. */
export const ROUTING = {
  followServices: new Setting(
    'FOLLOW_SERVICES',
    'boolean',
    flag().default(true),
    'Services with the label `site-follower/follow=true` route to the active site alone. `false`: they are left alone, and the controller needs no right to change Services and pods.',
  ),
};
