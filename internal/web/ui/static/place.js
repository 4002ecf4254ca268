// "Locate me": the device's position is asked for when the button is pressed and at no other moment, and goes to the server in a form, never in an address.
const form = document.getElementById("here");
if (form && "geolocation" in navigator) {
  form.hidden = false;
  const button = form.querySelector("button");
  let found = false;
  form.addEventListener("submit", (event) => {
    if (found) return;
    event.preventDefault();
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(
      (at) => {
        // A town is enough: two decimals are about a kilometre.
        form.elements.lat.value = at.coords.latitude.toFixed(2);
        form.elements.lon.value = at.coords.longitude.toFixed(2);
        found = true;
        button.disabled = false;
        form.requestSubmit(button);
      },
      () => {
        button.disabled = false;
        form.querySelector("[role=status]").textContent = button.dataset.failed;
      },
      { maximumAge: 600000, timeout: 10000 },
    );
  });
}
