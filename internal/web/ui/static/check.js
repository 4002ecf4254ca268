import { openCheckpoint, toHex, verifyGrowth } from "./verifier.js";

// The page /verifier: three steps, in this browser. What a visitor keeps stays in his browser, and only when he asks for it.
const root = document.querySelector("[data-verifier]");
const kept = "entremise-checkpoint " + location.host;
const step = (name) => root.querySelector(`[data-step="${name}"]`);
const words = (name) => root.dataset[name];

function mark(name, state, text, details) {
  const at = step(name);
  at.dataset.state = state;
  at.querySelector("[data-said]").textContent = text;
  if (details !== undefined) at.querySelector("[data-details]").textContent = details;
}

async function text(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (answer.status === 404) throw new Error(words("none"));
  if (!answer.ok) throw new Error(words("down"));
  return answer.text();
}

const stored = () => {
  try {
    return localStorage.getItem(kept);
  } catch {
    return null; // the browser keeps nothing: a file does
  }
};

let key = "";
let newest = "";

async function run(given) {
  for (const name of ["signature", "growth", "kept"]) mark(name, "wait", words("wait"), "");
  const old = given ?? stored();
  let tree;
  try {
    key = (await text("/log/key")).trim();
    newest = await text("/log/checkpoint");
    tree = await openCheckpoint(newest, key);
    mark("signature", "good", words("signed").replace("%", tree.size), newest + "\n" + key);
  } catch (e) {
    mark("signature", "bad", `${words("bad")} ${e.message}`, newest + "\n" + key);
    for (const name of ["growth", "kept"]) mark(name, "wait", words("stopped"), "");
    return;
  }
  if (!old) {
    mark("growth", "wait", words("nothing"), "");
  } else {
    let answer = "";
    try {
      const before = await openCheckpoint(old, key);
      if (before.size > tree.size) throw new Error(words("shorter"));
      answer = await text(`/log/consistency?from=${before.size}&to=${tree.size}`);
      const grown = JSON.parse(answer);
      grown.checkpoint = newest;
      await verifyGrowth(old, grown, key);
      mark("growth", "good", words("grown").replace("%", before.size).replace("%", tree.size - before.size), `${toHex(before.root)}\n${toHex(tree.root)}\n${(grown.consistency || []).join("\n")}`);
    } catch (e) {
      mark("growth", "bad", `${words("bad")} ${e.message}`, old + "\n" + answer);
    }
  }
  mark("kept", stored() ? "good" : "wait", stored() ? words("have") : words("keepIt"), stored() ?? "");
}

root.hidden = false;
root.querySelector('[data-do="keep"]').addEventListener("click", () => {
  try {
    localStorage.setItem(kept, newest);
  } catch {
    return mark("kept", "bad", words("full"));
  }
  mark("kept", "good", words("have"), newest);
});
root.querySelector('[data-do="forget"]').addEventListener("click", () => {
  try {
    localStorage.removeItem(kept);
  } catch {
    return; // it kept nothing
  }
  run();
});
root.querySelector('[data-do="again"]').addEventListener("click", () => run());
root.querySelector('[data-do="save"]').addEventListener("click", () => {
  const a = document.createElement("a");
  a.href = URL.createObjectURL(new Blob([newest], { type: "text/plain" }));
  a.download = "checkpoint.txt";
  a.click();
  URL.revokeObjectURL(a.href);
});
root.querySelector('[data-do="load"]').addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) return;
  const old = await file.slice(0, 100000).text();
  event.target.value = ""; // the same file may be given again
  run(old);
});
if (globalThis.crypto?.subtle) run();
else for (const name of ["signature", "growth", "kept"]) mark(name, "bad", words("old"), "");
