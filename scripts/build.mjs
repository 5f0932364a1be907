// Builds dist/memhound.mjs (executable), dist/commands (one file a command, which it loads) and dist/web (the page). `--quiet` prints
// nothing on success; `--clean` removes what earlier builds have left.
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { build, transform } from 'esbuild';
import { buildWeb } from './build-web.mjs';
import { bundlePlugins } from './lean.mjs';
import { OLDEST_LINE } from './node-lines.mjs';
import { writeLicenses } from './third-party.mjs';

const { version } = JSON.parse(await readFile('package.json', 'utf8'));
// What `npm pack` ships is what one build has made. Other builds leave the rest, for a program that runs may load it later.
if (process.argv.includes('--clean')) await rm('dist', { recursive: true, force: true });
await mkdir('dist/commands', { recursive: true });

/** Each command is a separate bundle outside of main.ts, so that a command loads only what it needs. */
const commands = new Set();
const metafiles = [];
const apart = {
  name: 'apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/cli\/.*\.ts$/ }, ({ path, kind, importer }) => {
      if (kind !== 'dynamic-import' || !importer.endsWith('/src/main.ts')) return null;
      const name = path.slice('./cli/'.length, -'.ts'.length);
      commands.add(name);
      return { path: `./commands/${name}.cjs`, external: true };
    });
  },
};

const target = `node${OLDEST_LINE}`;
/** Loads a part by `require`: an import of CommonJS would first be parsed for its exports. */
const byRequire = { 'dynamic-import': false };

/**
 * The parts of a command are CommonJS. V8 keeps the code of an ES module's top level for as long as the module, and drops that of a function that
 * nothing can call again: 0.3 MiB of `watch`.
 */
async function commonJs(code) {
  const url = code.includes('import.meta.url') ? 'const __url=require("url").pathToFileURL(__filename).href;' : '';
  const part = await transform(code, {
    format: 'cjs',
    platform: 'node',
    target,
    minify: true,
    supported: byRequire,
    define: { 'import.meta.url': '__url' },
    banner: `"use strict";${url}`,
    legalComments: 'none',
  });
  return part.code;
}

/**
 * What a command loads later (express with the first request, ws with the first page) is a separate file, named by its content, so that
 * a start does not read it. These files are written before the command, which then replaces the old one in one step.
 */
async function bundle(entry, file, options = {}) {
  const { outputFiles, metafile } = await build({
    entryPoints: { [basename(file, extname(file))]: entry },
    outdir: dirname(file),
    outExtension: { '.js': extname(file) },
    chunkNames: 'parts/[name]-[hash]',
    splitting: true,
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target,
    minify: true,
    keepNames: false,
    legalComments: 'none',
    // A native library: found in node_modules at run time; without it fincore is used (docs/decisions/0001-residency.md).
    external: ['koffi'],
    plugins: [...bundlePlugins, apart],
    define: { MEMHOUND_VERSION: JSON.stringify(version), 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
    ...options,
  });
  metafiles.push(metafile);
  const unfinished = `${file}.${process.pid}`;
  for (const { path, text } of outputFiles) {
    const isPart = path !== resolve(file);
    if (isPart) await mkdir(dirname(path), { recursive: true });
    await writeFile(isPart ? path : unfinished, file.endsWith('.cjs') ? await commonJs(text) : text);
  }
  return () => rename(unfinished, file);
}

const main = await bundle('src/main.ts', 'dist/memhound.mjs', {
  supported: byRequire,
  banner: { js: "#!/usr/bin/env node\nimport{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
});
await chmod(`dist/memhound.mjs.${process.pid}`, 0o755);
for (const swap of await Promise.all([...commands].map((name) => bundle(`src/cli/${name}.ts`, `dist/commands/${name}.cjs`))))
  await swap();
await main();
const { brotli, metafile } = await buildWeb();
await writeLicenses([...metafiles, metafile]);
if (!process.argv.includes('--quiet'))
  console.log(`built dist/memhound.mjs, dist/commands and dist/web (${(brotli / 1024).toFixed(1)} KiB compressed)`);
