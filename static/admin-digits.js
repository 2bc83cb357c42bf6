// The back office in Persian: Django writes its counts and pages in Latin digits, the portal does not.
// Only text that is no code: words with a Latin letter, and what stands in <bdi>, stay as they are.
"use strict";

// Django labels its search box with a picture whose text is English.
(() => {
  const box = document.getElementById("searchbar");
  if (box) box.setAttribute("aria-label", box.form.querySelector("[type=submit]").value);
})();

(() => {
  if (document.documentElement.lang !== "fa") return;
  const persian = (text) =>
    text.replace(/\S+/g, (word) =>
      /[A-Za-z@]/.test(word) ? word : word.replace(/[0-9]/g, (digit) => "۰۱۲۳۴۵۶۷۸۹"[digit]),
    );
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode;
    if (!/[0-9]/.test(text.data) || text.parentElement.closest("bdi, script, style, textarea, code, pre")) continue;
    text.data = persian(text.data);
  }
})();
