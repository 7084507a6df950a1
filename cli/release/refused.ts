/** It cannot be done, and trying again would not change that. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
