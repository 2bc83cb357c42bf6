// The VOC desk's keys, by their place on the keyboard (event.code): the expert's layout is Persian.
// <button data-key="KeyT"> and the like say which key presses them; the queue is swapped under them.
"use strict";

(() => {
  const LETTERS = "ABCDEFGHILMNOPQRSTUVWXYZ".split("").map((letter) => `Key${letter}`);
  const isText = (element) =>
    element instanceof Element && element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=submit])");
  const isSeen = (element) => element.getClientRects().length > 0 && !element.disabled;
  const rests = (event) => event.repeat || isText(event.target) || Boolean(document.querySelector("dialog[open]"));

  const pressKey = (key) => (event) => {
    const target = Array.from(document.querySelectorAll(`[data-key="${key}"]`)).find(isSeen);
    if (!target || rests(event)) return;
    // The key's own letter must not land in the field that the press opens.
    event.preventDefault();
    target.click();
  };

  // J and K walk the calls of the queue.
  const walk = (step) => (event) => {
    const rows = Array.from(document.querySelectorAll("[data-row]"));
    if (!rows.length || rests(event)) return;
    const place = rows.indexOf(document.activeElement) + step;
    rows[Math.min(Math.max(place, 0), rows.length - 1)].focus();
  };

  const confirmFilled = (event) => {
    const form = event.target.closest && event.target.closest("form");
    const button = (form || document).querySelector("[data-confirms]");
    if (!button || !isSeen(button) || event.repeat) return;
    event.preventDefault();
    button.form.requestSubmit(button);
  };

  const leaveText = (event) => {
    if (isText(event.target)) event.target.blur();
  };

  const bindings = { KeyJ: walk(1), KeyK: walk(-1), "Control+Enter": confirmFilled, Escape: leaveText };
  [...LETTERS, "Digit1", "Digit2", "Shift+Slash"].forEach((key) => {
    bindings[key] = pressKey(key);
  });
  window.tinykeys.tinykeys(window, bindings);

  // <button data-shows="id"> opens that dialog.
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-shows]");
    if (button) document.getElementById(button.dataset.shows).showModal();
  });

  // A folded form that opens is written in at once.
  document.querySelectorAll("details.desk-form").forEach((details) => {
    details.addEventListener("toggle", () => {
      const field = details.open && details.querySelector("textarea");
      if (field) field.focus();
    });
  });
})();
