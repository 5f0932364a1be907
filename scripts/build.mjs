// Builds dist/memhound.mjs (one executable file) and dist/web (the page). `--quiet` prints nothing on success.
import { chmod, mkdir, readFile, rename } from 'node:fs/promises';
import { build } from 'esbuild';
import { buildWeb } from './build-web.mjs';
import { lean } from './lean.mjs';

const { version } = JSON.parse(await readFile('package.json', 'utf8'));
await mkdir('dist', { recursive: true });
// Swapped in whole: who starts memhound while it is built gets the old one or the new one.
const unfinished = `dist/.memhound-${process.pid}.mjs`;
await build({
  entryPoints: ['src/main.ts'],
  outfile: unfinished,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  minify: true,
  keepNames: false,
  legalComments: 'none',
  // A native library: found in node_modules at run time; without it fincore is asked (docs/decisions/0001-residency.md).
  external: ['koffi'],
  plugins: [lean],
  // express and friends are CommonJS and call require for Node's own modules.
  banner: { js: "#!/usr/bin/env node\nimport{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  define: { MEMHOUND_VERSION: JSON.stringify(version), 'process.env.NODE_ENV': '"production"' },
  logLevel: 'error',
});
await chmod(unfinished, 0o755);
await rename(unfinished, 'dist/memhound.mjs');
const { brotli } = await buildWeb();
if (!process.argv.includes('--quiet'))
  console.log(`built dist/memhound.mjs and dist/web (${(brotli / 1024).toFixed(1)} KiB compressed)`);
