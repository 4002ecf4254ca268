// On a roof the network comes and goes. Forms marked data-fetch are sent from here, so that a lost answer leaves the page standing and
// says so. Nothing is ever shown as bought or held before the server has said it: until then the button reads "Envoi en cours…".
import { replace } from "./live.js";

const english = document.documentElement.lang === "en";

function toast(words, retry) {
  document.querySelector(".toast")?.remove();
  const box = Object.assign(document.createElement("div"), { className: "toast" });
  box.setAttribute("role", "status");
  box.append(Object.assign(document.createElement("span"), { textContent: words }));
  if (retry) {
    const again = Object.assign(document.createElement("button"), { type: "button", textContent: english ? "Try again" : "Réessayer" });
    again.addEventListener("click", () => {
      box.remove();
      retry();
    });
    box.append(again);
  } else setTimeout(() => box.remove(), 5000);
  document.body.append(box);
}

async function send(form, button) {
  const body = new URLSearchParams(new FormData(form, button));
  const words = button.innerHTML;
  button.setAttribute("aria-disabled", "true");
  button.textContent = english ? "Sending…" : "Envoi en cours…";
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" }, signal: AbortSignal.timeout(20000) });
    const there = new URL(answer.url);
    if (answer.ok && there.pathname !== location.pathname) return location.assign(answer.url);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const said = page.querySelector(answer.ok ? "main > .alert[role=status] p, main .alert[role=alert] p" : "main .alert[role=alert] p, main h1 + p");
    button.removeAttribute("aria-disabled");
    button.innerHTML = words;
    if (answer.ok) replace(page);
    if (said) toast(said.textContent);
  } catch {
    button.removeAttribute("aria-disabled");
    button.innerHTML = words;
    toast(english ? "Not sent: no network." : "Pas envoyé : le réseau manque.", () => send(form, button));
  }
}

// Before once.js: the capture phase, and the event ends here.
document.addEventListener("submit", (e) => {
  const form = e.target;
  if (!form.matches("[data-fetch]")) return;
  e.preventDefault();
  e.stopImmediatePropagation();
  const button = e.submitter ?? form.querySelector("button");
  if (button.ariaDisabled !== "true") send(form, button);
}, true);

// The tap on "Appeler" is told to the server (via=tap) while the phone opens; it decides what that proves.
document.addEventListener("click", (e) => {
  const call = e.target.closest("[data-call]");
  if (!call) return;
  const body = new URLSearchParams({ outcome: "called", via: "tap" });
  fetch(call.dataset.call, { method: "POST", body, keepalive: true }).catch(() => {}); // the button "J'ai appelé" remains
});
