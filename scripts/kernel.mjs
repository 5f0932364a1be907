// Compiles src/trends/model/kernel/assembly (AssemblyScript) into src/trends/model/kernel/wasm.ts. `--check` compares instead: exit 1 if that is of another source.
import { readFile, writeFile } from 'node:fs/promises';
import asc from 'assemblyscript/asc';

const TO = 'src/trends/model/kernel/wasm.ts';
const { error, stderr, binary } = await compile();
if (error) {
  console.error(`${stderr}`);
  process.exit(1);
}
const text = `// Made from assembly/ by \`npm run kernel\`.\nexport const WASM =\n  '${Buffer.from(binary).toString('base64')}';\n`;
if (!process.argv.includes('--check')) await writeFile(TO, text);
else if ((await readFile(TO, 'utf8')) !== text) {
  console.error(`${TO} is not what src/trends/model/kernel/assembly compiles to: run \`npm run kernel\``);
  process.exit(1);
}

async function compile() {
  let made;
  // Small: what it calls most is loops of our own, and tables for exp and log would be most of it.
  const flags = ['-O3', '--shrinkLevel', '1', '--runtime', 'stub', '--importMemory', '--noAssert', '--outFile', 'kernel.wasm'];
  const done = await asc.main(['src/trends/model/kernel/assembly/index.ts', ...flags], {
    writeFile: (_name, contents) => {
      made = contents;
    },
  });
  return { error: done.error, stderr: done.stderr, binary: made };
}
