import { join } from 'node:path';
import { build } from 'esbuild';

/** Seconds between the rows that test/support/store-child.ts writes. */
export const ROW_S = 60;

/** Bundles store-child.ts into a folder; returns the file's path. */
export async function buildStoreChild(dir: string): Promise<string> {
  const program = join(dir, 'child.mjs');
  const banner = { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" };
  await build({
    entryPoints: ['test/support/store-child.ts'],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['koffi'],
    banner,
  });
  return program;
}
