import { openCheckpoint, verifyInclusion, verifyOpening, toHex } from "./verifier.js";

// The check of one review in the visitor's own browser: what the public page shows is what was committed, and the signed tree holds it. It asks the same
// house for its data and believes none of its conclusions.
const root = document.querySelector("[data-own]");
const words = (name) => root.dataset[name];

function mark(name, state, text, details) {
  const at = root.querySelector(`[data-step="${name}"]`);
  at.dataset.state = state;
  at.querySelector("[data-said]").textContent = text;
  at.querySelector("[data-details]").textContent = details ?? "";
}

async function get(path) {
  const answer = await fetch(path, { cache: "no-store" });
  if (!answer.ok) throw new Error(words("down"));
  return answer.text();
}

// What a reader sees on the review's own page.
async function shown() {
  const page = new DOMParser().parseFromString(await get(root.dataset.page), "text/html");
  const card = page.querySelector("article.review");
  return { reference: card.querySelector("header a").textContent.trim(), comment: card.querySelector(".words").textContent, service: card.querySelector("[data-service]").textContent };
}

async function run() {
  const begun = performance.now();
  const steps = ["words", "log", "signed"];
  for (const name of steps) mark(name, "wait", words("wait"));
  let step = "words";
  try {
    const [proof, key, seen] = await Promise.all([get(root.dataset.own).then(JSON.parse), get("/log/key").then((k) => k.trim()), shown()]);
    if (!proof.inclusion) throw new Error(words("soon"));
    const said = await verifyOpening(proof.opening, proof.inclusion);
    for (const name of ["reference", "comment", "service"]) {
      if (said[name] !== seen[name]) throw new Error(`${words("differs")} (${name})`);
    }
    mark("words", "good", words("same"), Object.entries(said).map(([k, v]) => `${k}=${v}`).join("\n"));
    step = "log";
    const tree = await verifyInclusion(proof.inclusion, key);
    mark("log", "good", words("held").replace("%", proof.inclusion.position), [proof.inclusion.commitment, ...proof.inclusion.path].join("\n"));
    step = "signed";
    const signed = await openCheckpoint(proof.inclusion.checkpoint, key);
    if (toHex(signed.root) !== toHex(tree.root) || signed.size !== tree.size) throw new Error(words("differs"));
    mark("signed", "good", words("key").replace("%", Math.max(1, Math.round(performance.now() - begun))), proof.inclusion.checkpoint + "\n" + key);
  } catch (e) {
    mark(step, "bad", `${words("bad")} ${e.message}`);
    for (const name of steps.slice(steps.indexOf(step) + 1)) mark(name, "wait", words("stopped"));
  }
}

root.hidden = false;
if (globalThis.crypto?.subtle) run();
else for (const name of ["words", "log", "signed"]) mark(name, "bad", words("old"));
