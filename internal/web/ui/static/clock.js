// Clocks run on the server's business time: each carries the moment at which the page was made, so a wrong device clock, or a virtual
// one on the server, shows the right count.
const skew = new WeakMap();
const pad = (n) => String(n).padStart(2, "0");
const shown = (s) => (s >= 3600 ? Math.floor(s / 3600) + "\u00a0h\u00a0" + pad(Math.floor(s / 60) % 60) : pad(Math.floor(s / 60)) + ":" + pad(s % 60));

function now(el) {
  if (!skew.has(el)) skew.set(el, Number(el.dataset.now) - Date.now());
  return Date.now() + skew.get(el);
}

function tick() {
  for (const el of document.querySelectorAll("[data-clock]")) {
    const left = Number(el.dataset.clock) - now(el);
    const s = Math.ceil(Math.abs(left) / 1000);
    el.classList.toggle("late", left < 0);
    el.classList.toggle("soon", left >= 0 && left < 120000);
    if (Math.abs(left) > 172800000) continue; // the page has said it in days
    const arc = el.querySelector("circle.left");
    if (arc) {
      arc.setAttribute("stroke-dashoffset", (339.3 * (1 - Math.min(1, Math.max(0, left / Number(el.dataset.total))))).toFixed(1));
      el.querySelector("[data-digits]").textContent = shown(s);
      if (left < 0) el.querySelector("[data-word]").textContent = el.dataset.late.replace(/ ?(de )?%s ?/, "");
    } else {
      el.querySelector("[data-text]").textContent = (left < 0 ? el.dataset.late : el.dataset.left).replace("%s", shown(s));
    }
  }
  for (const el of document.querySelectorAll("[data-since]")) {
    el.textContent = shown(Math.max(0, Math.floor((now(el) - Number(el.dataset.since)) / 1000)));
  }
}

tick();
setInterval(tick, 1000);
document.addEventListener("fresh", tick);
