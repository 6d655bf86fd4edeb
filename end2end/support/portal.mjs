// A real portal for a spec: the binary with a data folder, ports and a PostgreSQL cluster of its own.
import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { simpleParser } from 'mailparser';
import { until } from './until.mjs';

const BINARY = path.resolve(
  process.env.INNKEEPER_BIN ?? fileURLToPath(new URL('../../target/debug/innkeeper', import.meta.url)),
);
const READY = /^Innkeeper is ready at (\S+)/m;
const MAILBOX_LINK = /^http\S+\/dev\/mailbox\?token=\S+$/gm;
export const STAFF_LINK = /^http\S+\/staff\/claim\?token=\S+$/m;
const START_SECONDS = 120;
const STOP_SECONDS = 60;
// With an initdb that gives out copies of one cluster.
const POSTGRES = fileURLToPath(new URL('../node_modules/copied-clusters/15/bin', import.meta.url));

let nextPort = process.pid * 8;

// A spec that is stopped from outside takes its portals with it: their own `exit` handlers see to that.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/**
 * Starts a portal. `env` is added to its environment, for example a failpoint; `configure` is told the portal's address
 * and answers its configuration file. Passkeys need a `host` with a name: `localhost`.
 */
export async function startPortal(env = {}, configure = undefined, host = '127.0.0.1') {
  // Its cluster runs as an unprivileged user, who has to get through to it.
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'innkeeper-e2e-'));
  fs.chmodSync(folder, 0o755);
  const [port, databasePort] = await Promise.all([freePort(), freePort()]);
  const portal = new Portal(folder, host, port, databasePort);
  try {
    if (configure) fs.writeFileSync(path.join(folder, 'innkeeper.toml'), await configure(portal.url));
    await portal.start(env);
  } catch (error) {
    await portal.stop().catch(() => {});
    throw error;
  }
  return portal;
}

class Portal {
  #child;
  #log = '';
  #endAlong = () => this.#child?.kill('SIGTERM');

  constructor(folder, host, port, databasePort) {
    this.folder = folder;
    this.data = path.join(folder, 'data');
    this.url = `http://${host}:${port}`;
    this.databasePort = databasePort;
    this.port = port;
  }

  /** What it has written so far. */
  get log() {
    return this.#log;
  }

  async start(env = {}) {
    const child = spawn(BINARY, ['serve'], {
      cwd: this.folder,
      env: { ...this.#env(), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    process.once('exit', this.#endAlong);
    const note = (text) => (this.#log = (this.#log + text).slice(-200_000));
    let out = '';
    const ready = new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`not ready within ${START_SECONDS} s`)), START_SECONDS * 1000);
      const over = (settle) => (value) => (clearTimeout(late), settle(value));
      child.stdout.on('data', (bytes) => {
        note(bytes);
        out += bytes;
        if (READY.test(out)) over(resolve)();
      });
      child.stderr.on('data', note);
      child.once('error', over(reject));
      child.once('exit', (code, signal) => over(reject)(new Error(`ended at once: ${code ?? signal}`)));
    });
    await ready.catch((error) => {
      throw new Error(`${BINARY}: ${error.message}\n${this.#log}`);
    });
  }

  #env() {
    return {
      PATH: process.env.PATH,
      HOME: this.folder,
      INNKEEPER_LISTEN: `127.0.0.1:${this.port}`,
      INNKEEPER_PUBLIC_URL: this.url,
      INNKEEPER_DATA_DIR: this.data,
      INNKEEPER_EMBEDDED_BIN: POSTGRES,
      INNKEEPER_EMBEDDED_PORT: String(this.databasePort),
      INNKEEPER_FAILPOINTS: path.join(this.folder, 'orders'),
    };
  }

  /** Runs a command beside it, which must succeed; what it says. */
  run(...command) {
    return execFileSync(BINARY, command, { cwd: this.folder, env: this.#env(), encoding: 'utf8' });
  }

  /** The link that opens the local mailbox, of its newest start. */
  get mailboxLink() {
    return this.#log.match(MAILBOX_LINK).at(-1);
  }

  /** A link by which somebody becomes staff. */
  staffLink(role = 'operator') {
    return STAFF_LINK.exec(this.run('staff', 'add', '--role', role))[0];
  }

  /** Ends it and its cluster as an operator would, and leaves the data. */
  async halt() {
    const child = this.#child;
    this.#child = undefined;
    process.off('exit', this.#endAlong);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal)));
    child.kill('SIGTERM');
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_SECONDS * 1000);
    const how = await ended;
    clearTimeout(late);
    if (how !== 0) throw new Error(`The portal did not end well on SIGTERM: ${how}\n${this.#log}`);
  }

  /** The same portal with another environment. */
  async restart(env = {}) {
    await this.halt();
    await this.start(env);
  }

  /** Ends it and removes all it had. */
  async stop() {
    try {
      await this.halt();
    } finally {
      fs.rmSync(this.folder, { recursive: true, force: true });
    }
  }

  /** The newest mail to an address; `known` files do not count. */
  async mail(to, known = []) {
    const file = await until(`a mail to ${to}`, 30, async () => {
      for (const name of this.mails().filter((name) => !known.includes(name)).reverse()) {
        const mail = await simpleParser(fs.readFileSync(path.join(this.data, 'mailbox', name)));
        if (mail.to.value.some(({ address }) => address === to)) return { name, mail };
      }
      return undefined;
    });
    const text = file.mail.text;
    return {
      file: file.name,
      subject: file.mail.subject,
      text,
      code: /^\d{6}$/m.exec(text)?.[0],
      link: /^http\S+\/verify\?token=\S+$/m.exec(text)?.[0],
    };
  }

  /** Runs SQL in the control database as the owner of its tables, past the portal: to let time pass. */
  sql(text) {
    return execFileSync('psql', [...this.#psql(), '-c', text], { encoding: 'utf8' }).trim();
  }

  /** As if everybody had signed in too long ago for what asks for a fresh sign-in. */
  makeSignInsOld() {
    this.sql("update session set authenticated_at = authenticated_at - interval '10 minutes'");
  }

  /** As if everybody had just signed in: a spec may take longer than a sign-in stays fresh. */
  makeSignInsFresh() {
    this.sql('update session set authenticated_at = now() where authenticated_at is not null');
  }

  /**
   * Makes set-ups wait at the next step that needs this table, by a lock on it: without a name at the one that opens the
   * network. Answers how to let them go on.
   */
  async holdSetUps(table = 'hba_rule') {
    const psql = spawn('psql', this.#psql(), { stdio: ['pipe', 'pipe', 'inherit'] });
    const ended = new Promise((resolve) => psql.once('exit', resolve));
    psql.stdin.write(`begin;\nlock table ${table};\n\\echo held\n`);
    const held = await Promise.race([new Promise((resolve) => psql.stdout.once('data', resolve)), ended]);
    if (!String(held).startsWith('held')) throw new Error('psql could not lock the table');
    return async () => {
      if (!psql.stdin.writableEnded) psql.stdin.end('commit;\n');
      await ended;
    };
  }

  #psql() {
    const settings = fs.readFileSync(path.join(this.data, 'postgres', 'innkeeper.conf'), 'utf8');
    const socket = /^unix_socket_directories = '"(.+)"'$/m.exec(settings)[1];
    const at = ['-h', socket, '-p', this.databasePort, '-U', 'innkeeper_owner', '-d', 'innkeeper'];
    return ['-XqAt', '-v', 'ON_ERROR_STOP=1', ...at];
  }

  /** Orders a fault, `<step>:<point>:<fault>`; it strikes once. What hangs goes on after a restart. */
  order(fault) {
    fs.appendFileSync(path.join(this.folder, 'orders'), `${fault}\n`);
  }

  /** All mail files, oldest first. */
  mails() {
    const folder = path.join(this.data, 'mailbox');
    return fs.existsSync(folder) ? fs.readdirSync(folder).filter((name) => name.endsWith('.eml')).sort() : [];
  }
}

/**
 * A port that nobody listens on, below those from which outgoing connections are drawn: otherwise one of another spec
 * takes it before the server does. Every process has its own part of the range.
 */
export async function freePort() {
  for (;;) {
    const port = 20_000 + (nextPort++ % 12_000);
    const server = net.createServer();
    const listens = await new Promise((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!listens) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
