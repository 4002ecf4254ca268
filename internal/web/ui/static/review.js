// The questionnaire with scripts: questions that do not apply are hidden, what is typed is saved a moment later, and the text says how much room is left.
// Without scripts a button saves, and the server answers everything.
import "./answers.js";

const form = document.getElementById("ask");
const state = form.querySelector("[data-saved]");

for (const text of form.querySelectorAll("textarea[maxlength]")) {
  const left = Object.assign(document.createElement("p"), { className: "small muted" });
  const count = () => (left.textContent = form.dataset.left.replace("%d", text.maxLength - text.value.length));
  text.after(left);
  text.addEventListener("input", count);
  count();
}

let waiting;
async function save() {
  const body = new URLSearchParams(new FormData(form));
  body.set("do", "save");
  try {
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html", "X-Save": "1" } });
    state.textContent = answer.ok ? form.dataset.kept : "";
  } catch {
    state.textContent = form.dataset.offline;
  }
}
if (state) {
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(save, 1500);
  });
  form.addEventListener("submit", () => clearTimeout(waiting));
}
