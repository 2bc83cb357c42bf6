// The Jalali date picker on the fields of a page that asks for nothing else.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  if (window.jalaliDatepicker) {
    window.jalaliDatepicker.startWatch({ autoReadOnlyInput: false, persianDigits: true, zIndex: 1050 });
  }
});
