/** `make hostile`: ten times as strong as what once ended a program, and for longer. */
const IS_LONG = process.env.HOSTILE === 'long';

export const STRENGTH = IS_LONG ? 10 : 1;
export const ATTACK_MS = IS_LONG ? 30_000 : 1_000;
/** Without an attack it is a few milliseconds; in the short form on a machine that does other things as well. */
export const ADMISSION_P99_MS = IS_LONG ? 50 : 250;
export const FUZZ_LANES = 30 * STRENGTH;
/** Of writing through the API server, which is slower than dialling. */
export const WRITING_MS = IS_LONG ? 60_000 : 3_000;
