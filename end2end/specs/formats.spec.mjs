// The texts to copy, exactly as they stand on the page, in the hands of the clients they are written for: each in an empty
// folder, and with a home folder in which nothing was done but the command of the page that saves the CA certificate. With
// another certificate there each must fail.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { launch, newContext } from '../support/browser.mjs';
import { CLIENTS, linkModules } from '../support/clients.mjs';
import { folderFor, inPlace } from '../support/files.mjs';
import { startPortal } from '../support/portal.mjs';
import { WHO, forgeCa, whoIs } from '../support/psql.mjs';
import * as visitor from '../support/visitor.mjs';

let portal;
let browser;
let name;
let texts;
let saveCa;
let help;
before(async () => {
  [portal, browser] = await Promise.all([startPortal(), launch()]);
  const page = await (await newContext(browser)).newPage();
  name = await visitor.openCredentials(page, portal, 'jane@acme.example', 'Acme Robotics');
  texts = await visitor.formats(page);
  saveCa = await page.locator('#save-ca').textContent();
  await page.goto(`${portal.url}/help`);
  help = await page.getByRole('main').innerText();
});
after(async () => {
  await browser?.close();
  await portal?.stop();
});

test('the page has a text for each client, and the other roles', () => {
  assert.equal(Object.keys(CLIENTS).length, 10);
  assert.deepEqual(Object.keys(texts).sort(), [...Object.keys(CLIENTS), 'owner', 'readonly'].sort());
});

for (const [format, connect] of Object.entries(CLIENTS)) {
  test(`${format} connects as the application role, over TLS`, async (t) => {
    assert.equal(await connect(await placeFor(t), texts[format]), `${name}_app|t`);
  });
  test(`${format} refuses a server that another CA vouches for`, async (t) => {
    await refusesForged(t, (place) => connect(place, texts[format]));
  });
}

for (const role of ['owner', 'readonly']) {
  test(`the URI of ${role} connects, and refuses another CA`, async (t) => {
    assert.equal(await whoIs(await placeFor(t), texts[role]), `${name}_${role}|t`);
    await refusesForged(t, (place) => whoIs(place, texts[role]));
  });
}

test('the command keeps the certificates that are there, and may be run twice', async (t) => {
  const [real, place] = [await placeFor(t), await placeFor(t)];
  forgeCa(rootOf(real), rootOf(place));
  // As an editor or a copy may leave it: without the end of its last line.
  fs.writeFileSync(rootOf(place), fs.readFileSync(rootOf(place), 'utf8').trimEnd());
  for (let times = 0; times < 2; times += 1) await inPlace(place, 'sh', ['-c', saveCa]);
  assert.equal(fs.readFileSync(rootOf(place), 'utf8').match(/^-----BEGIN CERTIFICATE-----$/gm).length, 3);
  assert.equal(await whoIs(place, texts.uri), `${name}_app|t`);
});

test('the command writes nothing when it cannot reach the portal', async (t) => {
  const place = { folder: folderFor(t), home: folderFor(t) };
  const elsewhere = saveCa.replace(portal.url, `${portal.url}/nowhere`);
  assert.notEqual(elsewhere, saveCa);
  await assert.rejects(inPlace(place, 'sh', ['-c', elsewhere]), /404/);
  assert.ok(!fs.existsSync(rootOf(place)));
});

for (const settings of ['', 'process.env.DATABASE_URL']) {
  test(`node-postgres with .env and new pg.Client(${settings}) fails as the help page says, and connects as it says`, async (t) => {
    const place = await placeFor(t);
    linkModules(place);
    fs.writeFileSync(path.join(place.folder, '.env'), texts.env);
    fs.writeFileSync(
      path.join(place.folder, 'main.mjs'),
      `import pg from 'pg';
      const client = new pg.Client(${settings});
      await client.connect();
      const { rows: [row] } = await client.query(${JSON.stringify(WHO)});
      console.log(row.current_user + '|' + (row.ssl ? 't' : 'f'));
      await client.end();`,
    );
    const connect = (env) => inPlace(place, process.execPath, ['--env-file=.env', 'main.mjs'], { env });
    await assert.rejects(connect({}), (error) => {
      for (const said of ['self-signed certificate in certificate chain', 'SELF_SIGNED_CERT_IN_CHAIN']) {
        assert.ok(error.stderr.includes(said), error.stderr);
        assert.ok(help.includes(said), help);
      }
      return true;
    });
    assert.match(help, /NODE_EXTRA_CA_CERTS/);
    assert.equal(await connect({ NODE_EXTRA_CA_CERTS: rootOf(place) }), `${name}_app|t`);
  });
}

/** An empty folder, and a home folder in which the command of the page was run. */
async function placeFor(t) {
  const place = { folder: folderFor(t), home: folderFor(t) };
  await inPlace(place, 'sh', ['-c', saveCa]);
  return place;
}

/** Where libpq looks for the CA certificate. */
function rootOf({ home }) {
  return path.join(home, '.postgresql', 'root.crt');
}

/** With a CA of the same name in its place, and a key of its own, the client must end with a word on certificates. */
async function refusesForged(t, connect) {
  const [real, place] = [await placeFor(t), await placeFor(t)];
  forgeCa(rootOf(real), rootOf(place));
  await assert.rejects(connect(place), (error) => {
    const said = error.stderr;
    assert.match(said, /certificate|unable to verify|self-signed|invalid peer/i, said);
    return true;
  });
}
