/** What the thread runs. scripts/build.ts replaces it by the program's text, so that the bundle stays one file. */
export const program: string | URL = new URL('./thread.ts', import.meta.url);
