// Finds the test files and compiles them all at once. Node starts each file in a separate process, and a process that reads TypeScript
// itself (tsx) takes half a second longer.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, context } from 'esbuild';
import { OLDEST_LINE } from './node-lines.mjs';

/** So that Node's stack traces name lines of the sources. */
export const NODE_FLAGS = ['--enable-source-maps'];

const SCRIPTS = resolve('scripts');

/**
 * Paths relative to a source file remain valid, and a script that a test imports does not take itself for the program that runs: in a compiled
 * test `import.meta.url` is that of the test. `changed`: the texts that stand for those of some files.
 */
const besideTheSource = (changed = new Map()) => ({
  name: 'beside-the-source',
  setup({ onLoad }) {
    const load =
      (used, loader) =>
      async ({ path }) => {
        const text = changed.get(path) ?? (await readFile(path, 'utf8'));
        return { contents: text.replace(used, (_, head) => `${head}'${pathToFileURL(path).href}'`), loader };
      };
    onLoad({ filter: new RegExp(`^${SCRIPTS}/.*\\.ts$`) }, load(/()import\.meta\.url/g, 'ts'));
    onLoad({ filter: new RegExp(`^${SCRIPTS}/.*\\.mjs$`) }, load(/()import\.meta\.url/g, 'js'));
    onLoad({ filter: /\.ts$/ }, load(/(new URL\(.*, )import\.meta\.url(?=\))/g, 'ts'));
  },
});

/** Test files that are named, or are in a named folder: `unit`, `e2e/history`. Without names: all. */
export async function testFiles(names) {
  const all = (await readdir('test', { recursive: true })).filter((f) => f.endsWith('.test.ts')).map((f) => join('test', f));
  const chosen = names.length === 0 ? all : all.filter((f) => names.some((n) => f === n || f.startsWith(join('test', n))));
  if (chosen.length > 0) return chosen;
  console.error(`no test matches ${names.join(' ')}`);
  process.exit(1);
}

/** A folder where Node finds the packages that tests import, removed when this process ends. */
async function cacheFolder() {
  const cache = resolve('node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'tests-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  return folder;
}

function plan(files, outdir, changed) {
  const options = {
    entryPoints: files,
    outdir,
    outbase: '.',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: `node${OLDEST_LINE}`,
    sourcemap: 'inline',
    plugins: [besideTheSource(changed)],
    logLevel: 'error',
  };
  const outputOf = (file) => join(outdir, file.replace(/\.ts$/, '.mjs'));
  return { options, outputOf };
}

/** Compiles into a folder that is removed when this process ends. */
export async function compileTests(files) {
  const { options, outputOf } = plan(files, await cacheFolder());
  await build({ ...options, splitting: true });
  const sources = new Map(files.map((file) => [outputOf(file), resolve(file)]));
  return {
    outputOf,
    /** For any other file: the file itself. */
    sourceOf: (path) => sources.get(path) ?? path,
  };
}

/** Compiles each file with all that it imports, so that it can be loaded again. `changed`: texts by source; `alias`: modules that stand for others. */
export async function compileApart(files, { changed, alias }) {
  const { options, outputOf } = plan(files, await cacheFolder(), changed);
  await build({ ...options, alias, sourcemap: false });
  return files.map(outputOf);
}

/** Compiles the same files again and again. Each compilation returns which files changed, and from which sources they are made. */
export async function recompileTests(files) {
  const { options, outputOf } = plan(files, await cacheFolder());
  const compiler = await context({ ...options, write: false, metafile: true });
  const hashes = new Map();
  return {
    outputOf,
    async compile() {
      const { outputFiles, metafile } = await compiler.rebuild();
      const fresh = outputFiles.filter(({ path, hash }) => hashes.get(path) !== hash);
      for (const { path, hash, contents } of fresh) {
        hashes.set(path, hash);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, contents);
      }
      const paths = new Set(fresh.map(({ path }) => path));
      return { changed: files.filter((file) => paths.has(outputOf(file))), inputs: Object.keys(metafile.inputs) };
    },
  };
}
