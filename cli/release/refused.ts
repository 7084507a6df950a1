/** A retry cannot help. */
export class Refused extends Error {
  override readonly name = 'Refused';
}
