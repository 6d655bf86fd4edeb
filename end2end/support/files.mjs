// Folders and programs of the specs.
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** A folder that is gone after the test. */
export function folderFor(test) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'innkeeper-e2e-files-'));
  test.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const UNPACK = `
import json, os, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as bundle:
    assert bundle.testzip() is None
    entries = {entry.filename: oct(entry.external_attr >> 16 & 0o777) for entry in bundle.infolist()}
    for name in entries:
        assert len(name.split('/')) == 2 and '..' not in name, name
    bundle.extractall(sys.argv[2])
print(json.dumps(entries))
`;

/** Unpacks a zip file with a reader that is not ours. Answers the entries: name to mode. */
export function unpack(file, folder) {
  return JSON.parse(execFileSync('python3', ['-c', UNPACK, file, folder], { encoding: 'utf8' }));
}

const run = promisify(execFile);

/**
 * Runs a program in a place, which is a folder and a home folder, with an environment of its own: no PG… variable, no
 * home with a .pgpass in it. Answers what it wrote; throws with its errors where it fails.
 */
export async function inPlace({ folder, home }, program, args, { input = '', env = {} } = {}) {
  const child = run(program, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: home, LANG: 'C.UTF-8', ...env },
    timeout: 60_000,
  });
  child.child.stdin.end(input);
  return (await child).stdout.trim();
}
