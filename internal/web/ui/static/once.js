// A form marked data-once is sent once: the second press does nothing. The button comes back with the page (back button) and, because a
// lost answer must not lock anybody out, after fifteen seconds; the server holds the idempotency key in any case.
const busy = new WeakSet();

addEventListener("submit", (e) => {
  const form = e.target;
  if (e.defaultPrevented || !form.matches("[data-once]")) return;
  if (busy.has(form)) return e.preventDefault();
  busy.add(form);
  const button = e.submitter ?? form.querySelector("button:not([type=button])");
  if (!button) return;
  const words = button.innerHTML;
  // After this turn: a button disabled now would drop its name and value from what is sent.
  setTimeout(() => {
    button.setAttribute("aria-disabled", "true");
    button.textContent = form.dataset.sending ?? (document.documentElement.lang === "en" ? "Sending…" : "Envoi en cours…");
  });
  const free = () => {
    busy.delete(form);
    button.removeAttribute("aria-disabled");
    button.innerHTML = words;
  };
  setTimeout(free, 15000);
  addEventListener("pageshow", (p) => p.persisted && free(), { once: true });
});

// Errors are read first.
document.querySelector("[data-focus]")?.focus();

// An action can be taken back for ten seconds.
const undo = document.querySelector("[data-undo]");
if (undo) setTimeout(() => undo.remove(), 10000);
