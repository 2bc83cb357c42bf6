// The compose form: the Jalali date picker, and only the audience field that is meant.
"use strict";

(() => {
  if (window.jalaliDatepicker) {
    window.jalaliDatepicker.startWatch({ autoReadOnlyInput: false, persianDigits: true, minDate: "today", zIndex: 1050 });
  }
  const form = document.getElementById("compose");
  if (!form) return;
  const show = () => {
    const chosen = form.querySelector("input[name=audience]:checked");
    form.querySelectorAll("[data-audience]").forEach((part) => {
      part.hidden = !chosen || part.dataset.audience !== chosen.value;
    });
  };
  form.addEventListener("change", show);
  show();
})();
