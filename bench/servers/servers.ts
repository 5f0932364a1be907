import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Jdk } from '../../scripts/jdks.mjs';
import type { Cause } from '../../src/trends/types.ts';
import { run, start } from '../../test/support/process.ts';
import { http, stomp, zooKeeper } from './clients.ts';

/** Where one server runs. */
export interface Place {
  readonly jdk: Jdk;
  /** Its packages. */
  readonly root: string;
  /** A folder of its own. */
  readonly folder: string;
  readonly port: number;
}

export interface Client {
  /** One request of the kind that a healthy server answers all day. */
  readonly quiet: () => Promise<void>;
  /** One that leaves something behind. */
  readonly grow: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface Server {
  readonly name: string;
  /** Prepares the folder; the arguments of java. */
  readonly start: (place: Place) => readonly string[];
  readonly connect: (place: Place) => Promise<Client>;
  /** What grows, in the report's words, and what memhound is to say of it. */
  readonly growth: string;
  readonly cause: Cause;
  /** What its headline is to name. */
  readonly names: RegExp;
}

const none = async (): Promise<void> => {};
const jars = (folder: string, fits: RegExp = /\.jar$/): string[] =>
  readdirSync(folder)
    .filter((name) => fits.test(name))
    .map((name) => join(folder, name));

const tomcat: Server = {
  name: 'Tomcat 11',
  start: ({ root, folder, port }) => {
    const home = join(root, 'usr/share/tomcat11');
    for (const name of ['conf', 'webapps/ROOT', 'work', 'temp', 'logs']) mkdirSync(join(folder, name), { recursive: true });
    cpSync(join(home, 'etc/web.xml'), join(folder, 'conf/web.xml'));
    const host = '<Host name="localhost" appBase="webapps"/>';
    const engine = `<Engine name="Catalina" defaultHost="localhost">${host}</Engine>`;
    const connector = `<Connector port="${port}" address="127.0.0.1"/>`;
    writeFileSync(
      join(folder, 'conf/server.xml'),
      `<Server port="-1"><Service name="Catalina">${connector}${engine}</Service></Server>`,
    );
    writeFileSync(join(folder, 'webapps/ROOT/index.jsp'), '<%@ page session="false" %>it is <%= new java.util.Date() %>');
    writeFileSync(join(folder, 'webapps/ROOT/cart.jsp'), '<% session.setAttribute("cart", new byte[40000]); %>added');
    const boot = [join(home, 'bin/bootstrap.jar'), join(home, 'bin/tomcat-juli.jar')].join(':');
    const properties = [`-Dcatalina.home=${home}`, `-Dcatalina.base=${folder}`, `-Djava.io.tmpdir=${join(folder, 'temp')}`];
    return [...properties, '-cp', boot, 'org.apache.catalina.startup.Bootstrap', 'start'];
  },
  connect: async ({ port }) => ({
    quiet: () => http(port, '/'),
    grow: () => http(port, '/cart.jsp'), // without its cookie each is a session more
    close: none,
  }),
  growth: 'sessions that are never ended',
  cause: 'heap',
  names: /heap/,
};

const jetty: Server = {
  name: 'Jetty 9',
  start: ({ root, folder, port }) => {
    const home = join(root, 'usr/share/jetty9');
    const all = jars(join(home, 'lib'), /^(?:jetty-(?:server|http|io|util|xml)|servlet-api).*\.jar$/).join(':');
    const settings = [
      `jetty.home=${home}`,
      `jetty.base=${folder}`,
      'jetty.http.host=127.0.0.1',
      `jetty.http.port=${port}`,
      'jetty.requestlog.filePath=access.log',
    ];
    const files = ['jetty-threadpool', 'jetty', 'jetty-http', 'jetty-requestlog'].map((name) => join(home, 'etc', `${name}.xml`));
    return ['-cp', all, 'org.eclipse.jetty.xml.XmlConfiguration', ...settings, ...files];
  },
  connect: async ({ port }) => ({
    quiet: () => http(port, '/'),
    grow: async () => {
      for (let n = 0; n < 12; n++) await http(port, `/${'page'.repeat(1500)}`);
    },
    close: none,
  }),
  growth: 'an access log that nobody rotates',
  cause: 'page-cache',
  names: /access\.log/,
};

const activemq: Server = {
  name: 'ActiveMQ 5.17',
  start: ({ root, folder, port }) => {
    const home = join(root, 'usr/share/activemq');
    const all = [...jars(join(home, 'bin')), ...jars(join(home, 'lib'))].join(':');
    const broker = `broker:(stomp://127.0.0.1:${port})?persistent=false&useJmx=false`;
    const properties = [`-Dactivemq.home=${home}`, `-Dactivemq.base=${folder}`];
    return [...properties, '-cp', all, 'org.apache.activemq.console.Main', 'start', broker];
  },
  connect: async ({ port }) => ({
    quiet: () => stomp(port, 'a task', true),
    grow: () => stomp(port, 'x'.repeat(40_000), false),
    close: none,
  }),
  growth: 'a queue that nobody takes from',
  cause: 'heap',
  names: /heap/,
};

const zookeeper: Server = {
  name: 'ZooKeeper 3.9',
  start: ({ root, folder, port }) => {
    const all = jars(join(root, 'usr/share/java'), /^[a-z0-9-]*[a-z]\.jar$|^slf4j-(?:api|nop)\.jar$/).filter(
      (name) => !/slf4j-(?!api|nop)|log4j-over|jul-to|jcl-over/.test(name),
    );
    const main = 'org.apache.zookeeper.server.ZooKeeperServerMain';
    const quiet = ['-Dzookeeper.admin.enableServer=false', '-Dzookeeper.preAllocSize=1024'];
    return [...quiet, '-cp', all.join(':'), main, String(port), folder];
  },
  connect: async ({ port }) => {
    const ask = await zooKeeper(port);
    await ask('create', '/config', Buffer.from('a setting'));
    return {
      quiet: () => ask('get', '/config'),
      grow: () => ask('set', '/config', Buffer.alloc(80_000, 'x')),
      close: none,
    };
  },
  growth: 'a transaction log: one node is written again and again',
  cause: 'page-cache',
  names: /log\.|snapshot|version-2/,
};

const hsqldb: Server = {
  name: 'HSQLDB 2.7',
  start: ({ root, port }) => {
    const main = ['org.hsqldb.server.Server', '--address', '127.0.0.1', '--port', String(port)];
    return ['-cp', join(root, 'usr/share/java/hsqldb.jar'), ...main, '--database.0', 'mem:t', '--dbname.0', 't'];
  },
  connect: async ({ jdk, root, folder, port }) => {
    const jar = join(root, 'usr/share/java/hsqldb.jar');
    const { code, stderr } = await run(jdk.javac, ['-d', folder, 'bench/servers/SqlClient.java']);
    if (code !== 0) throw new Error(`javac of JDK ${jdk.line}: ${stderr}`);
    const url = `jdbc:hsqldb:hsql://127.0.0.1:${port}/t`;
    const client = start([jdk.java, ['-Xmx32m', '-cp', `${jar}:${folder}`, 'SqlClient', url]]);
    await client.line((line) => line === 'ready');
    const ask = async (word: string): Promise<void> => {
      const done = new Promise<void>((resolve) => client.child.stdout!.once('data', () => resolve()));
      client.child.stdin!.write(`${word}\n`);
      await done;
    };
    return {
      quiet: () => ask('read'),
      grow: () => ask('grow'),
      close: async () => {
        await client.stop('SIGKILL');
      },
    };
  },
  growth: 'a table in memory that only gets rows',
  cause: 'heap',
  names: /heap/,
};

const jruby: Server = {
  name: 'JRuby 10',
  start: ({ root, folder, port }) => {
    const home = join(root, 'usr/share/jruby');
    writeFileSync(
      join(folder, 'server.rb'),
      `require 'socket'
kept = []
server = TCPServer.new('127.0.0.1', ${port})
loop do
  client = server.accept
  path = client.gets.to_s.split[1].to_s
  nil while (line = client.gets) && line != "\\r\\n"
  kept << 'x' * 60_000 if path == '/grow'
  body = (1..50).map { |n| "line #{n}" }.join("\\n")
  client.write "HTTP/1.1 200 OK\\r\\nContent-Length: #{body.bytesize}\\r\\nConnection: close\\r\\n\\r\\n#{body}"
  client.close
end
`,
    );
    const all = jars(join(root, 'usr/share/java'), /^[a-z0-9-]*[a-z]\.jar$|^jnr-[\w-]*\.jar$/).join(':');
    return [`-Djruby.home=${home}`, '-cp', all, 'org.jruby.Main', join(folder, 'server.rb')];
  },
  connect: async ({ port }) => ({ quiet: () => http(port, '/'), grow: () => http(port, '/grow'), close: none }),
  growth: 'an array that keeps a string of each request',
  cause: 'heap',
  names: /heap/,
};

export const SERVERS: Readonly<Record<string, Server>> = { tomcat, jetty, activemq, zookeeper, hsqldb, jruby };
