/** A witness that is killed in the middle of its answers, while a log that signs two histories asks for both. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { expect, it } from "vitest";
import { hexText, utf8Bytes } from "../../src/core/encoding/bytes.js";
import { parseCheckpoint } from "../../src/core/log/checkpoint.js";
import { parseNote, parseSignatureLines, verifyLines } from "../../src/core/log/note.js";
import { parseVerifierKey } from "../../src/core/log/verifier-key.js";
import { formatAddCheckpoint } from "../../src/core/log/witness-request.js";
import { rulemint } from "../faults/publisher-process.js";
import { TestLog } from "../support/log-world.js";
import { Running } from "../support/running.js";
import { temporaryFolder } from "../support/temporary.js";

const kills = Number(process.env.RULEMINT_KILLS ?? 4);
const originSha256 = createHash("sha256").update(new TestLog().origin).digest("hex");

it(`SPEC §11.9.5 signs one history through ${kills} kills, and forgets nothing that it answered`, async () => {
  const folder = await temporaryFolder();
  const words = ["--data", join(folder.path, "w"), "--json"];
  const made = await rulemint(["witness", "init", ...words, "--name", "w", "--log", new TestLog().log.vkey]);
  const key = parseVerifierKey(JSON.parse(made.stdout).vkey);
  /** Of every size that was ever cosigned, in an answer or in the file that the world reads. */
  const cosigned = new Map<number, string>();
  let history: string[] = [];
  let answers = 0;
  let onAnswer = (): void => undefined;

  const remember = (log: TestLog, entries: string[]) => {
    const root = hexText(log.root);
    expect(cosigned.get(log.size) ?? root, `the tree of ${log.size} entries`).toBe(root);
    cosigned.set(log.size, root);
    if (entries.length > history.length) history = entries;
  };
  /** One of the rivals at a size that nobody has cosigned before: whoever is answered, no other may ever be. */
  const ask = async (url: string, entries: string[], old: number) => {
    const log = new TestLog().append(...entries);
    const request = { oldSize: old, proof: await log.continues(old), checkpoint: log.checkpoint() };
    const answer = await fetch(`${url}/add-checkpoint`, {
      ...{ method: "POST", body: formatAddCheckpoint(request) },
    });
    const body = await answer.text();
    if (answer.status !== 200) return;
    const note = { text: log.checkpoint().text, signatures: parseSignatureLines(body) };
    expect(await verifyLines(note, [key])).toHaveLength(1);
    answers++;
    remember(log, entries);
    onAnswer();
  };
  const rivalsOf = (round: string) => ["a", "b", "c"].map((rival) => [...history, `${rival} ${round}`]);
  let rivals = rivalsOf("0");

  /** What it had stored when it died, whether or not the answer came out. */
  const catchUp = async (url: string) => {
    const shown = await fetch(`${url}/${originSha256}/checkpoint`);
    if (shown.status !== 200) return expect(cosigned.size).toBe(0);
    const { size, root } = parseCheckpoint(parseNote(utf8Bytes(await shown.text())).text);
    expect(size).toBeGreaterThanOrEqual(Math.max(0, ...cosigned.keys()));
    const known = [history, ...rivals].map((entries) => new TestLog().append(...entries));
    const stored = known.find((log) => log.size === size && hexText(log.root) === hexText(root));
    expect(stored, "what it shows is one that it was asked for").toBeDefined();
    const entries = [history, ...rivals][known.indexOf(stored as TestLog)] as string[];
    remember(stored as TestLog, entries);
  };

  for (let kill = 0; kill < kills; kill++) {
    const witness = new Running(["witness", "serve", ...words, "--listen", "127.0.0.1:0"]);
    const [, url = ""] = await witness.line(/listens on (http:\S+)/);
    await catchUp(url);
    // After some answers, while the rivals are still being refused, or a moment into the next round.
    let left = 1 + (kill % 4);
    const due = new Promise<void>((answered) => {
      onAnswer = () => {
        if (--left === 0) answered();
      };
    });
    const killed = due.then(() => after((kill * 3) % 13)).then(() => witness.stop("SIGKILL"));
    for (let round = 0, alive = true; alive; round++) {
      rivals = rivalsOf(`${kill}/${round}`);
      const old = history.length;
      const asked = await Promise.allSettled(rivals.map((entries) => ask(url, entries, old)));
      const failed = asked.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
      // Refused connections are the kill; everything else is a finding.
      for (const reason of failed) if (!(reason instanceof TypeError)) throw reason;
      alive = failed.length === 0;
    }
    await killed;
  }
  const last = new Running(["witness", "serve", ...words, "--listen", "127.0.0.1:0"]);
  await catchUp((await last.line(/listens on (http:\S+)/))[1] as string);
  await last.stop();
  await folder.remove();
  console.log(`${kills} kills, ${answers} cosignatures answered, ${cosigned.size} trees known`);
  expect(answers).toBeGreaterThan(0);
  const whole = new TestLog();
  for (const entry of history) {
    whole.append(entry);
    const root = cosigned.get(whole.size);
    if (root !== undefined) expect(hexText(whole.root)).toBe(root);
  }
});
