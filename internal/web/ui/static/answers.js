// Shared by the consumer's form and the agent's desk: questions that depend on answers, communes by postcode, a sentence beside a field.
const form = document.querySelector("#ask, #desk");
const $ = (s, from = form) => from.querySelector(s);
const $$ = (s, from = form) => [...from.querySelectorAll(s)];
form.classList.add("js");

// Conditions: a question that does not apply is neither shown nor sent.
export function conditions() {
  for (const part of $$("[data-when]")) {
    const name = CSS.escape(part.dataset.when);
    const values = $$(`[name="${name}"]:checked, select[name="${name}"], input[name="${name}"]:not([type=radio], [type=checkbox])`).filter((e) => !e.disabled).map((e) => e.value);
    const on = part.dataset.is.split(" ").some((v) => values.includes(v));
    if (!form.matches(".stepping") || !part.matches(".step")) part.hidden = !on;
    for (const e of $$("input, select, textarea", part)) e.disabled = !on;
  }
}
form.addEventListener("change", conditions);
form.addEventListener("fresh", conditions);
conditions();

// Communes: a postcode names one, or several to choose from.
let known = $("[data-communes]")?.childElementCount ? $("[name=postcode]").value : "";
async function lookUp() {
  const postcode = $("[name=postcode]");
  const communes = $("[data-communes]");
  if (!communes) return;
  const code = postcode.value.replace(/\s/g, "");
  if (!/^\d{5}$/.test(code) || code === known) return;
  known = code;
  const before = $("[name=commune]:checked, select[name=commune], input[name=commune][type=hidden]")?.value;
  try {
    const answer = await fetch("/api/communes?postcode=" + code, { headers: { Accept: "application/json" } });
    const found = answer.ok ? await answer.json() : [];
    if (code !== known) return;
    communes.replaceChildren();
    problem(postcode, answer.ok && !found.length ? communes.dataset.unknown : "");
    if (found.length === 1) {
      const input = Object.assign(document.createElement("input"), { type: "hidden", name: "commune", value: found[0].code });
      const name = Object.assign(document.createElement("p"), { className: "big", textContent: found[0].name + " " + code });
      name.setAttribute("role", "status");
      communes.append(input, name);
    } else if (found.length) {
      const field = Object.assign(document.createElement("div"), { className: "field" });
      const label = Object.assign(document.createElement("label"), { textContent: communes.dataset.label, htmlFor: "f-commune" });
      const select = Object.assign(document.createElement("select"), { className: "in", name: "commune", id: "f-commune", required: true });
      select.append(new Option("", ""), ...found.map((c) => new Option(c.name, c.code, false, c.code === before)));
      field.append(label, select);
      communes.append(field);
    }
    form.dispatchEvent(new Event("change"));
  } catch {
    known = ""; // offline: the server asks again when the form arrives
  }
}
form.addEventListener("input", (e) => e.target.name === "postcode" && lookUp());
lookUp();

// problem puts a sentence beside an input, or takes ours away.
export function problem(input, words) {
  const box = input.closest(".group, .field");
  $("[data-ours]", box)?.remove();
  box.classList.toggle("wrong", Boolean(words) || Boolean($(".err", box)));
  if (!words) return input.removeAttribute("aria-invalid");
  const p = Object.assign(document.createElement("p"), { className: "err", id: input.id + "-ours", textContent: words });
  p.dataset.ours = "";
  p.setAttribute("role", "alert");
  $(".choices, .unit, .in, .choice", box).before(p);
  input.setAttribute("aria-invalid", "true");
}
