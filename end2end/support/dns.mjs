// A real name server that knows nothing but the texts it is told.
import { spawn } from 'node:child_process';
import { freePort } from './portal.mjs';
import { until } from './until.mjs';

/** Starts one; `publish(name, text)` makes it answer that text for that name, and nothing else. */
export async function startDns() {
  const port = await freePort();
  let server;
  const endAlong = () => server?.kill('SIGTERM');
  process.once('exit', endAlong);
  const run = async (records) => {
    await end();
    const options = ['--no-daemon', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--bind-interfaces', '--pid-file='];
    const texts = records.map(([name, text]) => `--txt-record=${name},${text}`);
    server = spawn('/usr/sbin/dnsmasq', [...options, '--user=root', '--listen-address=127.0.0.1', `--port=${port}`, '--local=/example/', ...texts], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    server.stderr.on('data', (bytes) => { said += bytes; });
    await until('the name server', 10, async () => {
      if (server.exitCode !== null) throw new Error(`dnsmasq ended: ${said}`);
      return said.includes('started');
    });
  };
  const end = async () => {
    if (!server || server.exitCode !== null) return;
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    await ended;
  };
  await run([]);
  return { address: `127.0.0.1:${port}`, publish: (name, text) => run([[name, text]]), stop: () => (process.off('exit', endAlong), end()) };
}
