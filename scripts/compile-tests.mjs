// Test files as JavaScript, all in one go: Node starts each in a process of its own, and one that reads TypeScript itself (tsx) takes half a
// second longer for it.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** For Node to name lines of the sources. */
export const NODE_FLAGS = ['--enable-source-maps'];

/** What a file finds beside itself stays where it is. */
const besideTheSource = {
  name: 'beside-the-source',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const contents = text.replace(
        /(new URL\(.*), import\.meta\.url\)/g,
        (_, head) => `${head}, '${pathToFileURL(path).href}')`,
      );
      return { contents, loader: 'ts' };
    });
  },
};

/** The folder lies where Node finds the packages that tests import. */
export async function compileTests(files) {
  const cache = resolve('node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const outdir = await mkdtemp(join(cache, 'tests-'));
  await build({
    entryPoints: files,
    outdir,
    outbase: '.',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    sourcemap: 'inline',
    plugins: [besideTheSource],
    logLevel: 'error',
  });
  const outputOf = (file) => join(outdir, file.replace(/\.ts$/, '.mjs'));
  const sources = new Map(files.map((file) => [outputOf(file), resolve(file)]));
  return {
    outputOf,
    /** Of a file that is none of these, the file itself. */
    sourceOf: (path) => sources.get(path) ?? path,
    remove: () => rm(outdir, { recursive: true, force: true }),
  };
}
