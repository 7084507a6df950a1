/** The goal has changed, or this replica no longer leads: what was about to be written is not. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError';
}
