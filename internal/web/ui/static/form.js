// The consumer's form with scripts: one question a screen when it is urgent, communes by postcode, conditions, photo previews, proof of
// work while the person types. Without scripts the same form is one page that the server answers.
import { conditions, problem } from "./answers.js";

const form = document.getElementById("ask");
const $ = (s, from = form) => from.querySelector(s);
const $$ = (s, from = form) => [...from.querySelectorAll(s)];

const all = $$(".step");
const stepping = form.dataset.urgent === "yes" && all.length > 2;

// One question a screen. The place is in the address, so that the back button goes one question back.
let here = 0;
const applies = (s) => !("when" in s.dataset) || $$("input, select, textarea", s).some((e) => !e.disabled);
const steps = () => all.filter(applies);

function show(n, push = true) {
  const list = steps();
  here = Math.max(0, Math.min(n, list.length - 1));
  for (const s of all) s.hidden = s !== list[here];
  bar.textContent = "";
  for (let i = 0; i < list.length; i++) bar.append(Object.assign(document.createElement("i"), { className: i <= here ? "on" : "" }));
  bar.setAttribute("aria-label", form.dataset.progress.replace("%1", here + 1).replace("%2", list.length));
  if (push) history.pushState({ step: here }, "", "#" + (here + 1));
  const target = $("input:not([type=hidden], [type=radio]:not(:checked)), select, textarea", list[here]) ?? $("input", list[here]);
  if (push) {
    scrollTo(0, 0);
    target?.focus({ preventScroll: true });
  }
}

function check(step) {
  let first = null;
  for (const e of $$("input, select, textarea", step)) {
    if (e.type === "radio" && e !== $(`[name="${CSS.escape(e.name)}"]`, step)) continue;
    const bad = !e.disabled && !e.checkValidity();
    if (e.closest(".group, .field")) problem(e, bad ? e.dataset.need || form.dataset.need : "");
    if (bad) first ??= e;
  }
  first?.focus();
  return !first;
}

const bar = Object.assign(document.createElement("div"), { className: "progress" });
if (stepping) form.addEventListener("change", () => bar.childElementCount && show(here, false));
if (stepping) {
  form.classList.add("stepping");
  conditions();
  bar.setAttribute("role", "img");
  form.prepend(bar);
  for (const s of all) {
    const moves = $("[data-moves]").content.cloneNode(true);
    if (s === all[0]) $("[data-back]", moves).remove();
    if (s !== all.at(-1)) s.insertBefore(moves, $(".promise", s));
    else {
      const send = $("[data-send]");
      $("[data-on]", moves).replaceWith(send.cloneNode(true));
      send.replaceWith(moves);
    }
  }
  const on = () => check(steps()[here]) && show(here + 1);
  form.addEventListener("click", (e) => {
    if (e.target.closest("[data-on]")) on();
    if (e.target.closest("[data-back]")) history.back();
  });
  // Enter goes on; only the last screen sends.
  form.addEventListener("keydown", (e) => {
    if (e.key !== "Enter" || e.target.matches("textarea, button, a, summary") || here === steps().length - 1) return;
    e.preventDefault();
    on();
  });
  // A tap on an answer goes on; arrow keys only move (WCAG 3.2.2).
  let tapped = false;
  form.addEventListener("pointerdown", (e) => (tapped = Boolean(e.target.closest(".choice"))));
  form.addEventListener("keydown", () => (tapped = false));
  form.addEventListener("change", (e) => {
    if (!tapped || e.target.type !== "radio" || $$(".group, .field", steps()[here]).length > 1) return;
    tapped = false;
    setTimeout(on, 140);
  });
  addEventListener("popstate", (e) => show(e.state?.step ?? 0, false));
  const wrong = steps().findIndex((s) => $(".wrong", s));
  history.replaceState({ step: 0 }, "");
  show(Math.max(0, wrong), wrong > 0);
  // From the list of errors to the screen that holds the field.
  $("#errors")?.addEventListener("click", (e) => {
    const field = e.target.hash && document.querySelector(e.target.hash);
    const n = steps().findIndex((s) => s.contains(field));
    if (n < 0) return;
    e.preventDefault();
    show(n);
    field.focus();
  });
}

// Photos: small previews drawn here, and large pictures reduced before they leave a phone on a poor network.
const photos = $("[type=file]");
photos?.addEventListener("change", async () => {
  const box = $("[data-previews]");
  box.replaceChildren();
  problem(photos, photos.files.length > Number(photos.dataset.max) ? photos.dataset.many : "");
  const sent = new DataTransfer();
  for (const file of photos.files) {
    try {
      const image = await createImageBitmap(file, { imageOrientation: "from-image" });
      box.append(drawn(image, Math.min(1, 176 / Math.min(image.width, image.height))));
      const scale = 2000 / Math.max(image.width, image.height);
      const small = scale < 1 && (await new Promise((done) => drawn(image, scale).toBlob(done, "image/jpeg", 0.85)));
      sent.items.add(small && small.size < file.size ? new File([small], "photo.jpg", { type: "image/jpeg" }) : file);
    } catch {
      sent.items.add(file); // not readable here: the server decides, in words
    }
  }
  photos.files = sent.files;
  if ([...photos.files].some((f) => f.size > Number(photos.dataset.mb) * 1e6)) problem(photos, photos.dataset.heavy);
});
function drawn(image, scale) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(image.width * scale);
  canvas.height = Math.round(image.height * scale);
  canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas;
}

// Proof of work starts with the first key or touch and is done long before the last question.
const nonce = $("[name=pow_nonce]");
let solving = null;
function solve() {
  solving ??= new Promise((done, fail) => {
    const worker = new Worker(form.dataset.worker, { type: "module" });
    worker.onmessage = (e) => done((nonce.value = e.data));
    worker.onerror = fail;
    worker.postMessage({ challenge: form.dataset.challenge, bits: Number(form.dataset.bits) });
  });
  return solving;
}
if (nonce) {
  form.addEventListener("input", solve, { once: true });
  // Before once.js, which listens on the window: a form that waits for its proof is not yet sent.
  form.addEventListener("submit", (e) => {
    if (nonce.value || form.dataset.unproved) return;
    e.preventDefault();
    const button = $("[data-send]");
    if (button.ariaDisabled === "true") return;
    const words = button.textContent;
    button.ariaDisabled = "true";
    button.textContent = form.dataset.working;
    const go = () => {
      button.ariaDisabled = null;
      button.textContent = words;
      form.requestSubmit(button);
    };
    // No worker here: the server asks for a code instead.
    solve().then(go, () => { form.dataset.unproved = "yes"; go(); });
  });
}
// A wrong last screen is said here; everything else is checked by the server, all at once.
form.addEventListener("submit", (e) => {
  if (stepping && !e.defaultPrevented && !check(steps()[here])) e.preventDefault();
}, true);
