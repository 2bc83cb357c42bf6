// The compose form: the Jalali date picker, only the audience field that is meant, and a text that is not lost.
"use strict";

(() => {
  // Of this tab alone, and of the one who wrote it: a session that ends must not take the text along.
  const DRAFT = "compose-draft";
  const FIELDS = ["channel", "purpose", "text", "audience", "tag", "imported", "scheduled_on", "scheduled_time", "expires_on", "expires_time"];
  const read = () => JSON.parse(sessionStorage.getItem(DRAFT) || "null");
  const write = (draft) => sessionStorage.setItem(DRAFT, JSON.stringify(draft));

  if (window.jalaliDatepicker) {
    // Tehran's day, whatever the browser's clock is set to.
    const today = new Intl.DateTimeFormat("en-u-ca-persian", { timeZone: "Asia/Tehran", year: "numeric", month: "2-digit", day: "2-digit" })
      .formatToParts(new Date())
      .reduce((parts, part) => ({ ...parts, [part.type]: part.value }), {});
    const minDate = { year: Number(today.year), month: Number(today.month), day: Number(today.day) };
    window.jalaliDatepicker.startWatch({ autoReadOnlyInput: false, persianDigits: true, minDate, zIndex: 1050 });
  }
  const confirming = document.getElementById("send");
  if (confirming) {
    // Forgotten once the message's own page is there (portal.js): sign-in may come in between.
    confirming.addEventListener("submit", () => read() && write({ ...read(), sending: true }));
  }
  const form = document.getElementById("compose");
  if (!form) return;
  const show = () => {
    const chosen = form.querySelector("input[name=audience]:checked");
    form.querySelectorAll("[data-audience]").forEach((part) => {
      part.hidden = !chosen || part.dataset.audience !== chosen.value;
    });
  };
  const value = (name) => {
    const field = form.elements[name];
    return field ? field.value : "";
  };
  const keep = () => {
    const values = Object.fromEntries(FIELDS.map((name) => [name, value(name)]));
    if (values.text.trim()) write({ user: form.dataset.user, values });
    else sessionStorage.removeItem(DRAFT);
  };
  const restore = () => {
    const draft = read();
    if (!draft || form.dataset.fresh === undefined || value("text")) return;
    if (draft.user !== form.dataset.user) {
      sessionStorage.removeItem(DRAFT);
      return;
    }
    const asked = new URLSearchParams(window.location.search).get("import");
    if (draft.values.audience === "import" && asked === null) {
      // Only the form that was opened for an import offers it.
      window.location.replace(`?import=${encodeURIComponent(draft.values.imported)}`);
      return;
    }
    // Recipients named by the address go before those of the draft.
    FIELDS.filter((name) => name !== "imported" && (asked === null || name !== "audience")).forEach((name) => {
      if (form.elements[name]) form.elements[name].value = draft.values[name];
    });
    keep();
    document.getElementById("draft-kept").hidden = false;
  };
  restore();
  form.addEventListener("input", keep);
  form.addEventListener("change", () => {
    show();
    keep();
  });
  document.getElementById("draft-drop").addEventListener("click", () => {
    sessionStorage.removeItem(DRAFT);
    window.location.reload();
  });
  show();
  form.addEventListener("click", (event) => {
    const offer = event.target.closest("[data-take-time]");
    if (!offer) return;
    form.elements.scheduled_on.value = offer.dataset.takeDay;
    form.elements.scheduled_time.value = offer.dataset.takeTime;
    form.elements.scheduled_time.dispatchEvent(new Event("change", { bubbles: true }));
  });
})();
