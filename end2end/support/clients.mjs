// The real client of each format: takes the text exactly as it stands on the page, in any folder and with a home folder in
// which the CA certificate was saved, and answers "<user>|<ssl>", as the server has it. What stands around a text is what a program of anybody's has there.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inPlace } from './files.mjs';
import { WHO, whoIs } from './psql.mjs';

const MODULES = fileURLToPath(new URL('../node_modules', import.meta.url));
const SQLX = path.resolve(
  process.env.INNKEEPER_SQLX_EXAMPLE ??
    fileURLToPath(new URL('../../target/debug/examples/connect_sqlx', import.meta.url)),
);
// Where Debian's packages put pgJDBC, and the sources of lib/pq.
const PGJDBC = '/usr/share/java/postgresql.jar';
const GOPATH = '/usr/share/gocode';
// Debian's own Python: that is where its psycopg and its Django are.
const PYTHON = '/usr/bin/python3';

// The compiled standard library of Go, for all builds of this run.
const goCache = fs.mkdtempSync(path.join(os.tmpdir(), 'innkeeper-e2e-go-'));
process.once('exit', () => fs.rmSync(goCache, { recursive: true, force: true }));

export const CLIENTS = {
  uri: (place, text) => whoIs(place, text),
  psql: (place, text) => inPlace(place, 'sh', ['-c', `${text} -XAtc "${WHO}"`]),
  env: (place, text) => {
    write(place, '.env', text);
    return inPlace(place, 'sh', ['-c', `set -a; . ./.env; psql -XAtc "${WHO}"`]);
  },
  jdbc: (place, text) => {
    write(
      place,
      'Main.java',
      `import java.sql.DriverManager;
      class Main {
        public static void main(String[] arguments) throws Exception {
          var url = new String(System.in.readAllBytes());
          try (var connection = DriverManager.getConnection(url);
              var row = connection.createStatement().executeQuery("${WHO}")) {
            row.next();
            System.out.println(row.getString(1) + "|" + row.getString(2));
          }
        }
      }`,
    );
    // Java asks the system for the home folder, not the environment.
    return inPlace(place, 'java', [`-Duser.home=${place.home}`, '-cp', PGJDBC, 'Main.java'], { input: text });
  },
  node: (place, text) => {
    linkModules(place);
    const rest = `
      const { rows: [row] } = await pool.query(${JSON.stringify(WHO)});
      console.log(row.current_user + '|' + (row.ssl ? 't' : 'f'));
      await pool.end();`;
    write(place, 'main.mjs', `${text}\n${rest}`);
    return inPlace(place, process.execPath, ['main.mjs']);
  },
  python: (place, text) => {
    const rest = `user, ssl = conn.execute(${JSON.stringify(WHO)}).fetchone()\nprint(f"{user}|{'t' if ssl else 'f'}")`;
    write(place, 'main.py', `${text}\n${rest}\n`);
    return inPlace(place, PYTHON, ['main.py']);
  },
  go: async (place, text) => {
    // Go has imports at the top and statements in functions only: the text is cut at the end of its imports.
    const [imports, statement, ...more] = text.split(/(?<=^\))\n\n/m);
    assert.ok(statement && more.length === 0, `not imports and a statement: ${text}`);
    const rest = `
      if err != nil { panic(err) }
      var user, ssl string
      if err := db.QueryRow(${JSON.stringify(WHO)}).Scan(&user, &ssl); err != nil { panic(err) }
      fmt.Println(user + "|" + ssl[:1])`;
    write(place, 'main.go', `package main\n\nimport "fmt"\n${imports}\n\nfunc main() {\n${statement}\n${rest}\n}\n`);
    const env = { GOPATH, GOCACHE: goCache, GO111MODULE: 'off' };
    await inPlace(place, 'go', ['build', '-o', 'main', 'main.go'], { env });
    return inPlace(place, path.join(place.folder, 'main'), []);
  },
  rust: (place, text) => {
    assert.ok(fs.existsSync(SQLX), `${SQLX} is missing: cargo build -p innkeeper-tests --example connect_sqlx`);
    return inPlace(place, SQLX, [], { input: text });
  },
  prisma: async (place, text) => {
    linkModules(place);
    write(
      place,
      'schema.prisma',
      `generator client {
        provider = "prisma-client-js"
        output   = "./generated"
      }
      datasource db {
        provider = "postgresql"
      }`,
    );
    // The engine for migrations takes no part in this, and would be downloaded: any program stands in for it.
    const env = { PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true', CHECKPOINT_DISABLE: '1' };
    const prisma = path.join(MODULES, 'prisma', 'build', 'index.js');
    await inPlace(place, process.execPath, [prisma, 'generate', '--schema', 'schema.prisma'], { env });
    // Node.js would show the bundled line that threw, which is long and has all kinds of words in it.
    const rest = `
      const [row] = await prisma.$queryRawUnsafe(${JSON.stringify(WHO)}).catch((error) => {
        console.error(error.message);
        process.exit(1);
      });
      console.log(row.current_user + '|' + (row.ssl ? 't' : 'f'));
      await prisma.$disconnect();`;
    write(place, 'main.mjs', `import { PrismaClient } from './generated/index.js';\n${text}\n${rest}`);
    return inPlace(place, process.execPath, ['main.mjs']);
  },
  django: (place, text) => {
    write(place, 'settings.py', text);
    const program = `
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute(${JSON.stringify(WHO)})
    user, ssl = cursor.fetchone()
print(f"{user}|{'t' if ssl else 'f'}")
`;
    write(place, 'main.py', program);
    return inPlace(place, PYTHON, ['main.py'], { env: { DJANGO_SETTINGS_MODULE: 'settings' } });
  },
};

function write({ folder }, file, text) {
  fs.writeFileSync(path.join(folder, file), text);
}

/** Has Node.js find the packages as in anybody's project. */
export function linkModules({ folder }) {
  fs.symlinkSync(MODULES, path.join(folder, 'node_modules'));
}
