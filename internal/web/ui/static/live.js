// A live page listens for "changed" and fetches itself again; only elements marked data-live are replaced. The stream never carries
// data. Without it, the page asks every twenty seconds. Offline it says so, with the hour of what is shown: no state is guessed.
const place = document.querySelector("[data-topic]");
const state = document.getElementById("live-state");
let at = new Date();
let asked = 0;
let timer = 0;

function say(online) {
  if (!state) return;
  const hour = at.toLocaleTimeString(document.documentElement.lang, { hour: "numeric", minute: "2-digit" });
  const words = online ? state.dataset.on : state.dataset.off.replace("%s", hour);
  if (state.dataset.said === words) return;
  state.dataset.said = words;
  state.className = state.className.replace(/\b(good|bad)\b/, online ? "good" : "bad");
  const mark = document.createElement("span");
  mark.className = "mark " + (online ? "good" : "bad");
  const text = document.createElement("span");
  text.textContent = words;
  state.replaceChildren(mark, text);
}

// replace swaps the live parts of this page for those of doc, keeping what is open, focused or half typed.
export function replace(doc) {
  for (const old of document.querySelectorAll("[data-live]")) {
    const fresh = doc.getElementById(old.id);
    if (!fresh || fresh.isEqualNode(old)) continue;
    if (old.querySelector("details.sure[open]") || (old.contains(document.activeElement) && document.activeElement.matches("input, textarea, select"))) continue;
    const known = new Set([...old.querySelectorAll("[id]")].map((e) => e.id));
    const focus = old.contains(document.activeElement) ? document.activeElement.id : "";
    old.replaceWith(fresh);
    for (const e of fresh.querySelectorAll("[data-item]")) if (!known.has(e.id)) e.dataset.new = "";
    if (focus) document.getElementById(focus)?.focus();
  }
  document.dispatchEvent(new Event("fresh"));
}

async function refresh() {
  clearTimeout(timer);
  const mine = ++asked;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html", "X-Live": "1" }, cache: "no-store" });
    if (answer.redirected || answer.status === 401 || answer.status === 410) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const text = await answer.text();
    if (mine !== asked) return;
    replace(new DOMParser().parseFromString(text, "text/html"));
    at = new Date();
    say(true);
  } catch {
    say(false);
    timer = setTimeout(refresh, 5000);
  }
}

if (place?.dataset.topic) {
  let poll = 0;
  const source = new EventSource("/live?topic=" + encodeURIComponent(place.dataset.topic));
  source.onopen = () => {
    clearInterval(poll);
    poll = 0;
    if (Date.now() - at > 2000) refresh();
    else say(true);
  };
  source.onmessage = () => {
    clearTimeout(timer);
    timer = setTimeout(refresh, 80);
  };
  source.onerror = () => {
    poll ||= setInterval(refresh, 20000);
    refresh(); // the page itself tells whether the network is gone or only the stream
  };
  addEventListener("offline", () => say(false));
  addEventListener("online", refresh);
  addEventListener("visibilitychange", () => document.hidden || Date.now() - at < 15000 || refresh());
}

// A page that scrolls inside itself keeps its place over a visit elsewhere, as the browser does for whole pages.
const main = document.getElementById("main");
const key = "at:" + location.pathname;
addEventListener("pagehide", () => sessionStorage.setItem(key, main.scrollTop));
if (performance.getEntriesByType("navigation")[0]?.type !== "navigate") main.scrollTop = Number(sessionStorage.getItem(key));
