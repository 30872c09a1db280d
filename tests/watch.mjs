// Runs a command that must end in time: watch.mjs SECONDS [--again] COMMAND...
//
// One that does not is shown, with every process below it and what each waits for, and killed: whoever reads
// the output of a machine that nobody can look at has that to go by. With --again it gets a second try, for
// commands whose own parts are all limited, so that what hung is the tool that runs them.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { constants } from "node:os";

const [seconds, ...rest] = process.argv.slice(2);
const again = rest[0] === "--again";
const command = again ? rest.slice(1) : rest;

/** The exit code of `timeout`. */
const LATE = 124;

let code = await run();
if (code === LATE && again) {
  console.error(`watch: once more: ${command.join(" ")}`);
  code = await run();
}
process.exit(code);

async function run() {
  // A group of its own, so that all of it can be killed.
  const child = spawn(command[0], command.slice(1), { stdio: "inherit", detached: true });
  const forward = (signal) => kill(-child.pid, signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, forward);
  }
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    const all = descendants(child.pid);
    console.error(`watch: not over within ${seconds} s: ${command.join(" ")}\n${all.flatMap(shown).join("\n")}`);
    kill(-child.pid, "SIGKILL");
    for (const pid of all) {
      kill(Number(pid), "SIGKILL");
    }
  }, Number(seconds) * 1000);
  const ended = await new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`watch: ${error.message}`);
      resolve(127);
    });
    child.on("exit", (status, signal) => resolve(status ?? 128 + constants.signals[signal]));
  });
  clearTimeout(limit);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.off(signal, forward);
  }
  return late ? LATE : ended;
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

/** A process and all that it started; only itself where there is no /proc. */
function descendants(root) {
  const processes = listed("/proc").filter((name) => /^\d+$/.test(name));
  const parents = new Map(processes.map((pid) => [pid, /\) \S (\d+)/.exec(text(`/proc/${pid}/stat`))?.[1]]));
  const found = [String(root)];
  for (const pid of found) {
    found.push(...processes.filter((each) => parents.get(each) === pid));
  }
  return found;
}

/** A line for the process, each of its threads and each of its open files. */
function shown(pid) {
  return [
    `  ${pid}: ${text(`/proc/${pid}/cmdline`).replaceAll("\0", " ").slice(0, 200)}`,
    ...listed(`/proc/${pid}/task`).map((task) => {
      const [name, state] = [text(`/proc/${pid}/task/${task}/comm`), text(`/proc/${pid}/task/${task}/stat`)];
      const place = [text(`/proc/${pid}/task/${task}/wchan`), text(`/proc/${pid}/task/${task}/syscall`)];
      return `    ${task} ${name} ${/\) (\S)/.exec(state)?.[1]} ${place.join(" ")}`;
    }),
    ...listed(`/proc/${pid}/fd`).map((fd) => `    fd ${fd}: ${target(`/proc/${pid}/fd/${fd}`)}`),
  ];
}

function listed(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function text(path) {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return "";
  }
}

function target(path) {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
