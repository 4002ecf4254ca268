// A button marked data-copy puts its words on the clipboard and says so. Without scripts it is not there: the words can be selected.
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const words = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.done;
      setTimeout(() => (button.textContent = words), 2000);
    } catch {
      button.hidden = true; // the browser refuses: the words can still be selected
    }
  });
}
