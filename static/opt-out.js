// The opt-out call: a telephone opens /opt-out/#0912…, and the number does not stay in the address bar.
"use strict";

(() => {
  const box = document.getElementById("caller");
  if (!box) return;
  const take = () => {
    const part = window.location.hash.slice(1);
    // The skip link's, and the like: a place on the page.
    if (!part || document.getElementById(part)) return;
    // Neither the bar nor the way back keeps it; it is never sent, and nothing is looked for yet.
    history.replaceState(null, "", window.location.pathname + window.location.search);
    try {
      box.value = decodeURIComponent(part).slice(0, box.maxLength);
    } catch {
      box.value = part.slice(0, box.maxLength);
    }
    // What is shown below was somebody else's.
    document.getElementById("caller-answer").replaceChildren();
    box.focus();
  };
  if (!document.getElementById("caller-who")) box.focus();
  take();
  window.addEventListener("hashchange", take);
})();
