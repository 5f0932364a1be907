import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { answered, freePort, launch, mustFind, type Program } from './program.ts';

/** Prometheus with the exporters of the node and of its processes, scraping both as often as memhound samples. */
export const prometheus: Program = {
  name: 'Prometheus + 2 exporters',
  needs: ['prometheus', 'prometheus-node-exporter', 'prometheus-process-exporter'],
  containers: () => null,
  async start(setting) {
    const { everySeconds, dir } = setting;
    const [server, node, processes] = [await freePort(), await freePort(), await freePort()];
    const names = join(dir, 'processes.yml');
    writeFileSync(names, 'process_names:\n  - name: "{{.Comm}}"\n    cmdline: [".+"]\n');
    const config = join(dir, 'prometheus.yml');
    writeFileSync(
      config,
      `global:\n  scrape_interval: ${everySeconds}s\nscrape_configs:\n  - job_name: weighed\n    static_configs:\n      - targets: ["127.0.0.1:${node}", "127.0.0.1:${processes}"]\n`,
    );
    const began = performance.now();
    launch(setting, [mustFind('prometheus-node-exporter'), [`--web.listen-address=127.0.0.1:${node}`]]);
    launch(setting, [
      mustFind('prometheus-process-exporter'),
      [`-web.listen-address=127.0.0.1:${processes}`, '-config.path', names],
    ]);
    launch(setting, [
      mustFind('prometheus'),
      [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(dir, 'tsdb')}`,
        '--storage.tsdb.retention.time=14d',
        `--web.listen-address=127.0.0.1:${server}`,
      ],
    ]);
    const query = `http://127.0.0.1:${server}/api/v1/query?query=node_memory_MemAvailable_bytes`;
    await answered(query, (text) => text.includes('"value"'), setting.roots);
    return { firstSampleMs: performance.now() - began, about: async () => null, leave: () => undefined };
  },
};

/** Netdata as Debian configures it, on loopback only and without telemetry. Its apps plug-in is a child and is counted. */
export const netdata: Program = {
  name: 'Netdata',
  needs: ['netdata'],
  containers: () => null,
  async start(setting) {
    const { dir } = setting;
    const port = await freePort();
    for (const name of ['cache', 'lib', 'log', 'etc']) mkdirSync(join(dir, name));
    // Debian's own file has no more than this. Usage statistics are off: nothing may leave the machine.
    writeFileSync(join(dir, 'etc', '.opt-out-from-anonymous-statistics'), '');
    const config = join(dir, 'etc', 'netdata.conf');
    const folders = `[directories]\n  cache = ${dir}/cache\n  lib = ${dir}/lib\n  log = ${dir}/log\n  config = ${dir}/etc\n`;
    const rest = `[global]\n  run as user = root\n[web]\n  bind to = 127.0.0.1\n  default port = ${port}\n[cloud]\n  enabled = no\n[statsd]\n  enabled = no\n`;
    writeFileSync(config, folders + rest);
    const began = performance.now();
    launch(setting, [mustFind('netdata'), ['-D', '-c', config, '-P', join(dir, 'pid')]], { DO_NOT_TRACK: '1' });
    const data = `http://127.0.0.1:${port}/api/v1/data?chart=system.ram&after=-2&format=json`;
    await answered(data, (text) => /"data":\s*\[\s*\[/.test(text), setting.roots);
    return { firstSampleMs: performance.now() - began, about: async () => null, leave: () => undefined };
  },
};
