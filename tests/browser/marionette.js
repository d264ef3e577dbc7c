// Drives Firefox through Marionette, its own end of WebDriver: JSON messages over a socket, each
// with its length before it.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";
/** How long Firefox may take to start, and a script to run, in milliseconds. */
const PATIENCE_MS = 180_000;

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Starts Firefox with a profile that nobody has used; gives what drives it. */
export async function openFirefox(program) {
  const profile = await mkdtemp(join(tmpdir(), "mien-firefox-"));
  const flags = ["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", profile];
  // Any free port, so that nobody else's Firefox is in the way; it is written into the profile.
  const env = { ...process.env, MOZ_MARIONETTE_PREF_STATE_ACROSS_RESTARTS: '{"marionette.port":0}' };
  const firefox = spawn(program, flags, { env, stdio: "ignore" });
  const ended = new Promise((resolve) => firefox.once("exit", resolve));
  const socket = connect({ port: await portOf(profile), host: "127.0.0.1" });
  const answers = new Map();
  let received = Buffer.alloc(0);
  let next = 0;
  socket.on("data", (data) => {
    received = Buffer.concat([received, data]);
    for (;;) {
      const colon = received.indexOf(":");
      const end = colon + 1 + Number(received.subarray(0, colon));
      if (colon < 0 || received.length < end) return;
      const message = JSON.parse(received.subarray(colon + 1, end));
      received = received.subarray(end);
      // The first message is a greeting.
      if (Array.isArray(message)) answers.get(message[1])?.(message);
    }
  });
  const send = async (command, parameters = {}) => {
    const id = next++;
    const answer = new Promise((resolve) => answers.set(id, resolve));
    const text = JSON.stringify([0, id, command, parameters]);
    socket.write(`${Buffer.byteLength(text)}:${text}`);
    const [, , error, result] = await answer;
    if (error) throw new Error(`${command}: ${error.message}`);
    return result;
  };
  await send("WebDriver:NewSession", { capabilities: { alwaysMatch: {} } });
  await send("WebDriver:SetTimeouts", { script: PATIENCE_MS });

  const firefoxPage = {
    /** Goes to an address whose document isn't open yet, and waits until it is read. */
    open: async (url) => {
      await send("WebDriver:Navigate", { url });
      const isThere = (url) => document.readyState === "complete" && location.href.startsWith(url);
      await firefoxPage.until(isThere, url.split("#")[0]);
    },
    /** Runs a function in the page, waits for its promise and gives what it returns. */
    run: async (work, ...values) => {
      const script = `const done = arguments[arguments.length - 1];
        Promise.resolve((${work})(...arguments)).then((value) => done([value]), (error) => done([null, String(error)]));`;
      const { value } = await send("WebDriver:ExecuteAsyncScript", { script, args: values });
      // Firefox answers null for a document that went away while the script ran.
      if (value === null) return undefined;
      if (value[1]) throw new Error(value[1]);
      return value[0];
    },
    /** Waits until a function gives something true in the page, whichever document comes, and gives it. */
    until: async (work, ...values) => {
      const end = Date.now() + PATIENCE_MS;
      for (;;) {
        const value = await firefoxPage.run(work, ...values);
        if (value) return value;
        if (Date.now() > end) throw new Error(`not true in time: ${work}`);
        await pause(200);
      }
    },
    /** Chooses a file in the input with this hook. */
    choose: async (hook, path) => {
      const using = "css selector";
      const { value } = await send("WebDriver:FindElement", { using, value: `[data-testid=${hook}]` });
      await send("WebDriver:ElementSendKeys", { id: value[ELEMENT], text: path });
    },
    close: async () => {
      socket.destroy();
      firefox.kill();
      await ended;
      await rm(profile, { recursive: true, force: true });
    },
  };
  return firefoxPage;
}

async function portOf(profile) {
  const end = Date.now() + PATIENCE_MS;
  while (Date.now() < end) {
    const text = await readFile(join(profile, "MarionetteActivePort"), "utf8").catch(() => "");
    if (Number(text) > 0) return Number(text);
    await pause(200);
  }
  throw new Error("Firefox did not start");
}
