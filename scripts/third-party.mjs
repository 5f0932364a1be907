// The licence texts of the packages whose code the bundles contain: MIT, BSD and Apache ask that they go with it. Into the tarball and the image.
import { readdir, readFile, writeFile } from 'node:fs/promises';

export const LICENSES_FILE = 'dist/THIRD-PARTY-LICENSES.txt';

/** Folders of the packages whose files esbuild has put into its outputs. */
const foldersOf = (metafiles) =>
  new Set(
    metafiles
      .flatMap(({ outputs }) => Object.values(outputs).flatMap(({ inputs }) => Object.entries(inputs)))
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0])
      .filter(Boolean),
  );

/** Throws where a package has no licence text: it could not be given on. */
export async function writeLicenses(metafiles) {
  const entries = await Promise.all(
    [...foldersOf(metafiles)].map(async (folder) => {
      const { name, version, license } = JSON.parse(await readFile(`${folder}/package.json`, 'utf8'));
      const file = (await readdir(folder)).find((n) => /^licen[cs]e(?:\.(?:md|txt))?$/i.test(n));
      // Some packages of old have their licence in the readme alone.
      const readme = file ? '' : await readFile(`${folder}/README.md`, 'utf8').catch(() => '');
      const text = file ? await readFile(`${folder}/${file}`, 'utf8') : /^#+ licen[cs]e[\s\S]*/im.exec(readme)?.[0];
      if (!text) throw new Error(`${name}@${version}: expected a licence text in ${folder}, found none`);
      return `${name}@${version} (${license})\n\n${text.trim()}\n`;
    }),
  );
  const rule = `\n${'-'.repeat(80)}\n\n`;
  await writeFile(LICENSES_FILE, `memhound contains code of these packages.\n${rule}${entries.sort().join(rule)}`);
}

/** `name@version` of each. */
export const bundledPackages = (text) => [...text.matchAll(/^-{80}\n\n(\S+@\S+) \(/gm)].map((m) => m[1]);
