import { databaseFile } from './config';
import type { RunningGhost } from './boot';
import { runCommand } from './run-command';

/**
 * Scripts for Ghost's two drivers, which open the database for reading next to the running Ghost and print JSON.
 */
const SCRIPTS = {
  'better-sqlite3': `
    const [file, sql, values] = process.argv.slice(1);
    const db = new (require('better-sqlite3'))(file, { readonly: true });
    console.log(JSON.stringify(db.prepare(sql).all(...JSON.parse(values))));`,
  sqlite3: `
    const [file, sql, values] = process.argv.slice(1);
    const sqlite3 = require('sqlite3');
    const db = new sqlite3.Database(file, sqlite3.OPEN_READONLY);
    db.all(sql, JSON.parse(values), (error, rows) => {
      if (error) throw error;
      console.log(JSON.stringify(rows));
    });`,
};

/**
 * Reads from a running Ghost's database, with Ghost's own Node and driver: the stored values, before Ghost turns them
 * into URLs.
 *
 * @param sql a SELECT with `?` for the values
 * @returns the rows
 */
export async function queryDatabase<Row>(
  { install, contentPath }: RunningGhost,
  sql: string,
  values: (string | number)[] = [],
): Promise<Row[]> {
  const args = ['-e', SCRIPTS[install.sqlite], databaseFile(contentPath), sql, JSON.stringify(values)];
  return JSON.parse(await runCommand(install.nodeBinary, args, { cwd: install.dir })) as Row[];
}
