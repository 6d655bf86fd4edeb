// Pictures of every page in every state, light and dark, wide and narrow:
//   node shots.mjs <folder>      all of them, into a folder
//   node shots.mjs --readme      the two of the README, into docs/pictures
// Takes the debug build with failpoints, as the specs do.
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { SIZES, launch } from './support/browser.mjs';
import { startForWalk, walk } from './support/walk.mjs';

const README = { 'setup, running': 'setup.png', 'handoff, open': 'handoff.png' };

const [where] = process.argv.slice(2);
if (!where) {
  console.error('Say where to: node shots.mjs <folder>, or node shots.mjs --readme');
  process.exit(2);
}
const readme = where === '--readme';
const folder = readme ? fileURLToPath(new URL('../docs/pictures', import.meta.url)) : path.resolve(where);
fs.mkdirSync(folder, { recursive: true });

async function pictures(page, name) {
  for (const colours of ['light', 'dark']) {
    for (const width of [1440, 390]) {
      await page.emulateMedia({ colorScheme: colours });
      await page.setViewportSize({ width, height: SIZES[width] });
      const file = `${name.replace(/[^a-z0-9]+/gi, '-')}-${colours}-${width}.png`;
      await page.screenshot({ path: path.join(folder, file), fullPage: true });
    }
  }
  await page.setViewportSize({ width: 1440, height: SIZES[1440] });
}

const [portal, browser] = await Promise.all([startForWalk(), launch()]);
let taken = 0;
try {
  await walk({
    portal,
    browser,
    show: async (name, page) => {
      if (!readme) await pictures(page, name);
      else if (README[name]) await page.screenshot({ path: path.join(folder, README[name]), fullPage: true });
      else return;
      taken += 1;
    },
  });
} finally {
  await browser.close();
  await portal.stop();
}
console.log(`${taken} ${readme ? 'pictures' : 'pages'} in ${folder}`);
