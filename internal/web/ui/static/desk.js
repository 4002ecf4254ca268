// The desk without a mouse: Enter goes on, Shift+Enter goes back, digits answer, letters press the button that shows them, Ctrl+Enter
// publishes. Every change is saved a moment later; the answer is this same page, of which only the live columns are replaced, so nothing
// jumps under the hand.
import { replace } from "./live.js";

const desk = document.getElementById("desk");
const typing = (e) => e.matches("input:not([type=radio], [type=checkbox]), textarea, select");

// stops are where Enter goes: one for a group of answers, one for each other field, and the publishing button last.
function stops() {
  const seen = new Set();
  return [...desk.querySelectorAll("input, select, textarea, [data-publish]")].filter((e) => {
    if (e.type === "hidden" || e.disabled || !e.offsetParent) return false;
    const key = e.type === "radio" ? e.name : e;
    return !seen.has(key) && seen.add(key);
  });
}

function go(from, by) {
  const all = stops();
  const at = all.findIndex((e) => e === from || (from.type === "radio" && e.name === from.name));
  let next = all[at + by];
  if (next?.type === "radio") next = desk.querySelector(`[name="${CSS.escape(next.name)}"]:checked`) ?? next;
  next?.focus();
  next?.closest(".field, .group")?.scrollIntoView({ block: "nearest" });
}

addEventListener("keydown", (e) => {
  const at = document.activeElement ?? document.body;
  if (e.altKey || e.metaKey) return;
  if (desk && e.ctrlKey && e.key === "Enter") {
    e.preventDefault();
    const publish = desk.querySelector("[data-publish]");
    if (publish && !publish.disabled) desk.requestSubmit(publish);
    return;
  }
  if (e.ctrlKey) return;
  if (desk?.contains(at) && e.key === "Enter" && at.matches("input, select")) {
    e.preventDefault();
    return go(at, e.shiftKey ? -1 : 1);
  }
  if (typing(at)) return e.key === "Escape" && at.blur();
  if (desk && /^[1-9]$/.test(e.key)) {
    const group = at.closest?.(".group");
    const answer = group?.querySelectorAll("input")[Number(e.key) - 1];
    if (!answer) return;
    e.preventDefault();
    answer.focus();
    answer.click();
    if (answer.type === "radio") go(answer, 1);
    return;
  }
  if (e.key === "?") return document.getElementById("keys")?.scrollIntoView({ block: "center" });
  const key = document.querySelector(`[data-key="${CSS.escape(e.key)}"]`);
  if (!key) return;
  e.preventDefault();
  if (key.matches("input")) key.select();
  key.focus();
  if (key.matches("button, a[data-go]")) key.click();
});

let timer = 0;
let turn = 0;
async function save(trade) {
  const mine = ++turn;
  const said = document.getElementById("saved");
  said.textContent = desk.dataset.saving;
  const body = new FormData(desk);
  body.set("do", "save");
  try {
    const answer = await fetch(desk.action, { method: "POST", body: new URLSearchParams(body), headers: { Accept: "text/html", "X-Save": "1" } });
    if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine !== turn) return;
    const fresh = page.getElementById("desk");
    if (!fresh) return location.reload(); // signed out, or taken by somebody else
    desk.setAttribute("action", fresh.getAttribute("action"));
    for (const h of fresh.querySelectorAll(":scope > input[type=hidden]")) {
      const ours = desk.querySelector(`:scope > input[type=hidden][name="${CSS.escape(h.name)}"]`);
      if (ours) ours.value = h.value;
    }
    if (trade) {
      document.getElementById("ask-col").replaceWith(page.getElementById("ask-col"));
      go(desk.querySelector("[name=trade]:checked"), 1);
      desk.dispatchEvent(new Event("fresh"));
    }
    replace(page);
    said.textContent = desk.dataset.saved.replace("%s", new Date().toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" }));
  } catch {
    if (mine === turn) said.textContent = desk.dataset.failed;
  }
}

if (desk) {
  const later = (e) => {
    clearTimeout(timer);
    timer = setTimeout(save, e.type === "input" ? 900 : 150, e.target.name === "trade");
  };
  desk.addEventListener("input", (e) => typing(e.target) && later(e));
  desk.addEventListener("change", (e) => e.target !== desk && later(e));
  desk.addEventListener("submit", () => {
    clearTimeout(timer);
    turn++;
  });
  if (!document.querySelector("[data-focus]")) (stops().find((e) => !desk.querySelector(`[name="${CSS.escape(e.name)}"]:checked`) && !e.value) ?? stops()[0])?.focus({ preventScroll: true });
}
