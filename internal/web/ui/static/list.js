// A long list goes part by part: the page of one part asks for the next. Without scripts a button does.
const form = document.querySelector("[data-auto]");
if (form) setTimeout(() => form.requestSubmit(form.querySelector("button")), 300);
