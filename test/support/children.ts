import { join } from 'node:path';
import { build } from 'esbuild';

/** Seconds between the rows that test/support/store-child.ts writes. */
export const ROW_S = 60;

export const buildStoreChild = (dir: string): Promise<string> => bundled('test/support/store-child.ts', dir);
export const buildDayChild = (dir: string): Promise<string> => bundled('test/support/day-child.ts', dir);

/** One file in a folder, as the program itself is one; returns its path. */
async function bundled(source: string, dir: string): Promise<string> {
  const program = join(dir, 'child.mjs');
  const banner = { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" };
  await build({
    entryPoints: [source],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['koffi'],
    define: { MEMHOUND_VERSION: '"test"' },
    banner,
  });
  return program;
}
