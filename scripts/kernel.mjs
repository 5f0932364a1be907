// Compiles AssemblyScript into base64 in TypeScript: the loops of a verdict, and those that pack history. `--check` compares instead: exit 1 if one
// of them was made from another source.
import { readFile, writeFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

/** Folders that have their source in `assembly` and their program in `wasm.ts`, and the compiler's options. */
const PROGRAMS = {
  // Small: what it calls most is loops of our own, and tables for exp and log would be most of it.
  'src/trends/model/kernel': ['-O3', '--shrinkLevel', '1'],
  'src/history/packing': ['-O3', '--shrinkLevel', '1'],
};

for (const [folder, flags] of Object.entries(PROGRAMS)) {
  const to = `${folder}/wasm.ts`;
  const { error, stderr, binary } = await compile(`${folder}/assembly/index.ts`, flags);
  if (error) {
    console.error(`${stderr}`);
    process.exit(1);
  }
  const text = `// Made from assembly/ by \`npm run kernel\`.\nexport const WASM =\n  '${Buffer.from(binary).toString('base64')}';\n`;
  if (!process.argv.includes('--check')) await writeFile(to, text);
  else if ((await readFile(to, 'utf8')) !== text) {
    console.error(`${to} is not what ${folder}/assembly compiles to: run \`npm run kernel\``);
    process.exit(1);
  }
}

async function compile(source, flags) {
  let made;
  const all = [...flags, '--runtime', 'stub', '--importMemory', '--noAssert', '--outFile', 'kernel.wasm'];
  const done = await asc.main([source, ...all], {
    writeFile: (_name, contents) => {
      made = contents;
    },
  });
  return { error: done.error, stderr: done.stderr, binary: made };
}
