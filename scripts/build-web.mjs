// Builds the page into dist/web: one script and one style sheet with a hash in their names, compressed ahead.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build } from 'esbuild';

export async function buildWeb(dir = 'dist/web') {
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  const { outputFiles, metafile } = await build({
    metafile: true,
    entryPoints: ['web/main.ts'],
    outdir: dir,
    entryNames: '[name]-[hash]',
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    legalComments: 'none',
    // Nearly all of it runs when the page opens. So it is compiled off the main thread while it loads, not function by function when called.
    banner: { js: '//# allFunctionsCalledOnLoad' },
    define: { 'Intl.NumberFormat': 'NoFormat', 'Intl.DateTimeFormat': 'NoFormat' },
    inject: ['web/no-intl.ts'],
    logLevel: 'error',
    write: false,
  });
  const name = (ending) => basename(outputFiles.find((f) => f.path.endsWith(ending)).path);
  const html = (await readFile('web/index.html', 'utf8')).replace('%STYLE%', name('.css')).replace('%SCRIPT%', name('.js'));
  const files = [...outputFiles.map((f) => [basename(f.path), f.contents]), ['index.html', Buffer.from(html)]];
  let brotli = 0;
  for (const [file, contents] of files) {
    const br = brotliCompressSync(contents, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });
    brotli += br.length;
    await writeFile(join(dir, file), contents);
    await writeFile(join(dir, `${file}.br`), br);
    await writeFile(join(dir, `${file}.gz`), gzipSync(contents, { level: 9 }));
  }
  return { brotli, metafile };
}
