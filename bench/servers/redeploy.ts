import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../test/support/process.ts';
import { http } from './clients.ts';
import { SERVERS, type Server } from './servers.ts';

/** Tomcat looks for new files each second (backgroundProcessorDelay; ten without it) and takes one that is younger than a second as half written. */
const DEPLOY_MS = 2200;

/** A Tomcat with an application that is deployed again and again. `ends`: it ends the thread that it started, and nothing is kept. */
export const redeploy = (ends: boolean): Server => ({
  name: 'Tomcat 11',
  start: (place) => {
    const args = SERVERS.tomcat!.start(place);
    const file = join(place.folder, 'conf/server.xml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('<Engine ', '<Engine backgroundProcessorDelay="1" '));
    return args;
  },
  connect: async ({ jdk, root, folder, port }) => {
    const war = join(folder, 'webapps/shop.war');
    const classes = join(folder, 'shop/WEB-INF/classes');
    mkdirSync(classes, { recursive: true });
    const api = join(root, 'usr/share/java/tomcat11-servlet-api.jar');
    await ran(jdk.javac, ['-d', classes, '-cp', api, 'bench/servers/Shop.java']);
    writeFileSync(
      join(folder, 'shop/WEB-INF/web.xml'),
      `<web-app version="6.0" metadata-complete="true">
${ends ? '<context-param><param-name>ends</param-name><param-value>yes</param-value></context-param>' : ''}
<listener><listener-class>Shop</listener-class></listener></web-app>`,
    );
    writeFileSync(join(folder, 'shop/index.html'), 'a shop');
    await ran(join(jdk.home, 'bin/jar'), ['--create', '--file', war, '-C', join(folder, 'shop'), '.']);
    let deployed = performance.now();
    return {
      quiet: () => http(port, '/'),
      grow: async () => {
        await http(port, '/');
        if (performance.now() - deployed < DEPLOY_MS) return;
        deployed = performance.now();
        const now = new Date();
        utimesSync(war, now, now);
      },
      close: async () => {},
    };
  },
  growth: `${ends ? 'decoy: ' : ''}an application that is deployed again and again and ${ends ? 'ends' : 'does not end'} its thread`,
  cause: 'metaspace',
  names: /metaspace/,
});

async function ran(program: string, args: readonly string[]): Promise<void> {
  const { code, stderr } = await run(program, args);
  if (code !== 0) throw new Error(`${program}: ${stderr}`);
}
