// The command line. The native side reads the arguments, does the work and writes the text; the same
// text in both packages.
"use strict";

const native = require("./native.js");

/** Runs the command with the arguments behind its name, and sets the exit code. */
async function main(args) {
  const { stdout, stderr, exitCode } = JSON.parse(await native.runCommand(args));
  process.stderr.write(stderr);
  process.stdout.write(stdout);
  process.exitCode = exitCode;
}

module.exports = { main };
