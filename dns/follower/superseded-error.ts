/** The goal has changed, or this replica no longer leads: nothing is written. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError';
}
