// The texts to copy, exactly as they stand on the page, in the hands of the clients they are written for: each in a
// folder that holds nothing but ca.crt. With another ca.crt each must fail.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { launch, newContext } from '../support/browser.mjs';
import { folderFor, inFolder } from '../support/files.mjs';
import { startPortal } from '../support/portal.mjs';
import { WHO, forgeCa, whoIs } from '../support/psql.mjs';
import * as visitor from '../support/visitor.mjs';

const MODULES = fileURLToPath(new URL('../node_modules', import.meta.url));
const SQLX = path.resolve(
  process.env.INNKEEPER_SQLX_EXAMPLE ??
    fileURLToPath(new URL('../../target/debug/examples/connect_sqlx', import.meta.url)),
);

let portal;
let browser;
let name;
let texts;
let authority;
before(async () => {
  [portal, browser] = await Promise.all([startPortal(), launch()]);
  const page = await (await newContext(browser)).newPage();
  name = await visitor.openCredentials(page, portal, 'jane@acme.example', 'Acme Robotics');
  texts = await visitor.formats(page);
  authority = await (await fetch(`${portal.url}/ca.crt`)).text();
});
after(async () => {
  await browser?.close();
  await portal?.stop();
});

// Each answers "<user>|<ssl>", as the server has it.
const CLIENTS = {
  uri: (folder, text) => whoIs(folder, text),
  psql: (folder, text) => inFolder(folder, 'sh', ['-c', `${text} -XAtc "${WHO}"`]),
  env: (folder, text) => {
    fs.writeFileSync(path.join(folder, '.env'), text);
    return inFolder(folder, 'sh', ['-c', `set -a; . ./.env; psql -XAtc "${WHO}"`]);
  },
  node: (folder, text) => {
    // The package, found as in anybody's project.
    fs.symlinkSync(MODULES, path.join(folder, 'node_modules'));
    const rest = `
      const { rows: [row] } = await pool.query(${JSON.stringify(WHO)});
      console.log(row.current_user + '|' + (row.ssl ? 't' : 'f'));
      await pool.end();`;
    fs.writeFileSync(path.join(folder, 'main.mjs'), `${text}\n${rest}`);
    return inFolder(folder, process.execPath, ['main.mjs']);
  },
  python: (folder, text) => {
    const rest = `user, ssl = conn.execute(${JSON.stringify(WHO)}).fetchone()\nprint(f"{user}|{'t' if ssl else 'f'}")`;
    fs.writeFileSync(path.join(folder, 'main.py'), `${text}\n${rest}\n`);
    // Debian's own Python: that is where its psycopg is.
    return inFolder(folder, '/usr/bin/python3', ['main.py']);
  },
  rust: (folder, text) => {
    assert.ok(fs.existsSync(SQLX), `${SQLX} is missing: cargo build -p innkeeper-tests --example connect_sqlx`);
    return inFolder(folder, SQLX, [], { input: text });
  },
};

test('the page has all ten formats, and the other roles', () => {
  const all = ['uri', 'psql', 'env', 'jdbc', 'node', 'python', 'go', 'rust', 'prisma', 'django'];
  assert.deepEqual(Object.keys(texts).sort(), [...all, 'owner', 'readonly'].sort());
});

for (const [format, connect] of Object.entries(CLIENTS)) {
  test(`${format} connects as the application role, over TLS`, async (t) => {
    const folder = folderFor(t);
    fs.writeFileSync(path.join(folder, 'ca.crt'), authority);
    assert.equal(await connect(folder, texts[format]), `${name}_app|t`);
  });
  test(`${format} refuses a server that another CA vouches for`, async (t) => {
    await refusesForged(t, (folder) => connect(folder, texts[format]));
  });
}

for (const role of ['owner', 'readonly']) {
  test(`the URI of ${role} connects, and refuses another CA`, async (t) => {
    const folder = folderFor(t);
    fs.writeFileSync(path.join(folder, 'ca.crt'), authority);
    assert.equal(await whoIs(folder, texts[role]), `${name}_${role}|t`);
    await refusesForged(t, (folder) => whoIs(folder, texts[role]));
  });
}

/** With a CA of the same name in its place, and a key of its own, the client must end with a word on certificates. */
async function refusesForged(t, connect) {
  const [real, folder] = [folderFor(t), folderFor(t)];
  fs.writeFileSync(path.join(real, 'ca.crt'), authority);
  forgeCa(path.join(real, 'ca.crt'), folder);
  await assert.rejects(connect(folder), (error) => {
    const said = error.stderr;
    assert.match(said, /certificate|unable to verify|self-signed|invalid peer/i, said);
    return true;
  });
}
