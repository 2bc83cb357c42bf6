// The portal's own script: asking before a press that cannot be undone, and the charts.
"use strict";

(() => {
  const dialog = document.getElementById("confirm");
  let asked = null; // the form and the button that wait for an answer

  // In the capture phase, so that htmx sees the submit only after the answer.
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      const button = event.submitter;
      if (!dialog || !button || !button.dataset.confirm) return;
      if (asked && asked.form === form && asked.agreed) {
        asked = null;
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
      const yes = document.getElementById("confirm-yes");
      document.getElementById("confirm-question").textContent = button.dataset.confirm;
      yes.textContent = button.dataset.confirmYes || yes.dataset.default;
      asked = { form, button, agreed: false };
      dialog.showModal();
    },
    true,
  );

  if (dialog) {
    dialog.addEventListener("close", () => {
      const agreed = dialog.returnValue === "yes";
      dialog.returnValue = "";
      if (!asked) return;
      if (!agreed) {
        asked = null;
        return;
      }
      asked.agreed = true;
      asked.form.requestSubmit(asked.button);
    });
  }

  // A double click sends once: the button rests until the page changes.
  document.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || event.defaultPrevented || event.target.method === "get" || event.target.method === "dialog") return;
    if (event.target.dataset.resubmit !== undefined) return;
    // After the browser has collected the form's values, or the button's own would be missing.
    setTimeout(() => {
      button.disabled = true;
      setTimeout(() => {
        button.disabled = false;
      }, 4000);
    });
  });
  // A page that nobody sees asks for nothing: polling rests with the tab. It rests with an open question, too:
  // the form that was asked about would be replaced, and a form that is gone cannot be sent.
  const isAsking = () => Boolean(dialog && dialog.open);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.dataset.poll !== undefined && (document.hidden || isAsking())) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.elt.dataset.poll !== undefined && isAsking()) event.detail.shouldSwap = false;
  });

  // The session is over and somebody is writing: the page stays, and says so once.
  document.addEventListener("sessionEnded", (event) => {
    if (document.getElementById("session-ended")) return;
    const told = document.createElement("div");
    const words = document.createElement("span");
    const link = document.createElement("a");
    told.id = "session-ended";
    told.className = "banner banner-danger session-ended";
    told.setAttribute("role", "alert");
    words.textContent = document.body.dataset.sessionEnded;
    link.className = "btn btn-sm btn-primary";
    link.href = event.detail.url;
    link.textContent = document.body.dataset.signIn;
    told.append(words, link);
    document.getElementById("content").prepend(told);
  });

  // <select data-submit-on-change> and the like: filters that apply themselves.
  document.addEventListener("change", (event) => {
    if (event.target.dataset && event.target.dataset.submitOnChange !== undefined) event.target.form.requestSubmit();
  });

  // A browser's own file field speaks the browser's language, not the page's.
  document.querySelectorAll("input[type=file].form-control").forEach((input) => {
    const picker = document.createElement("label");
    const button = document.createElement("span");
    const name = document.createElement("bdi");
    picker.className = "form-control file-picker";
    picker.htmlFor = input.id;
    button.className = "file-picker-button";
    button.textContent = document.body.dataset.fileChoose;
    const show = () => {
      name.textContent = input.files.length ? input.files[0].name : document.body.dataset.fileNone;
    };
    picker.append(button, name);
    input.classList.add("file-picked");
    input.after(picker);
    input.addEventListener("change", show);
    window.addEventListener("pageshow", show);
    show();
    picker.addEventListener("dragover", (event) => event.preventDefault());
    picker.addEventListener("drop", (event) => {
      event.preventDefault();
      if (!event.dataTransfer.files.length) return;
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    });
  });

  // <input type=checkbox data-opens="id" data-was="0">: the box with that id is seen while the switch differs.
  document.querySelectorAll("[data-opens]").forEach((input) => {
    const box = document.getElementById(input.dataset.opens);
    const show = (event) => {
      box.hidden = input.checked === (input.dataset.was === "1");
      if (event && !box.hidden) box.querySelector("textarea").focus();
    };
    input.addEventListener("change", show);
    window.addEventListener("pageshow", () => show());
    show();
  });

  // A message that was sent needs its draft no more (compose.js keeps it), nor does somebody who signs out.
  const draft = sessionStorage.getItem("compose-draft");
  if (draft && JSON.parse(draft).sending && document.body.dataset.page === "messaging:detail") {
    sessionStorage.removeItem("compose-draft");
  }
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.signsOut !== undefined) sessionStorage.removeItem("compose-draft");
  });

  // <button data-fill="id">: puts its own words (or data-words) into the field with that id; with
  // data-turns="id" it turns that switch first, which opens the field's box.
  document.addEventListener("click", (event) => {
    const button = event.target.closest && event.target.closest("[data-fill]");
    if (!button) return;
    const field = document.getElementById(button.dataset.fill);
    const turned = document.getElementById(button.dataset.turns);
    if (turned && turned.checked === (turned.dataset.was === "1")) turned.click();
    field.value = button.dataset.words || button.textContent.trim();
    field.focus();
  });
})();
