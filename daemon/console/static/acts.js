"use strict";
// Acts: a button shows in a dialog what it would do, and only that dialog's own button does it, once.
// Keys: what a hand finds at night. Without this script the same buttons lead to the same forms as pages.

(() => {
  const inert = new DOMParser();
  const dialog = document.createElement("dialog");
  dialog.className = "act-dialog";
  dialog.setAttribute("aria-labelledby", "act-title");
  document.body.append(dialog);

  let opener = null;
  let asking = 0; // only the newest question is answered

  function node(name, text, attributes = {}) {
    const made = document.createElement(name);
    made.textContent = text;
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  }

  function show(...nodes) {
    dialog.replaceChildren(...nodes);
    if (!dialog.open) dialog.showModal();
    const first = dialog.querySelector("[autofocus]");
    if (first) first.focus();
  }

  function showPart(html, keep) {
    const parts = [...inert.parseFromString(html, "text/html").body.childNodes];
    show(...parts.map((part) => document.importNode(part, true)));
    const again = keep && document.getElementById(keep);
    if (again && dialog.contains(again)) again.focus();
  }

  function tell(text, link) {
    const buttons = node("p", "", { class: "act-buttons" });
    if (link) buttons.append(node("a", link.text, { class: "button", href: link.href }), " ");
    buttons.append(node("a", "Close", { class: "button", href: "/console", "data-act-close": "", autofocus: "" }));
    show(node("h2", "That did not work", { id: "act-title" }), node("p", text, { role: "alert" }), buttons);
  }

  async function problemOf(answer) {
    try {
      return (await answer.json()).detail || answer.statusText;
    } catch {
      return answer.statusText;
    }
  }

  async function take(answer, keep) {
    if (answer.status === 401) {
      tell("Your session has ended, and nothing was done.", {
        text: "Sign in",
        href: `/console/login?to=${location.pathname}`,
      });
    } else if ((answer.headers.get("content-type") || "").startsWith("text/html")) {
      showPart(await answer.text(), keep);
    } else {
      tell(await problemOf(answer));
    }
  }

  async function look(url, keep) {
    asking += 1;
    const mine = asking;
    if (!dialog.open) show(node("h2", "Looking at what it would do", { id: "act-title" }));
    try {
      const answer = await fetch(url, { headers: { "x-fragment": "1" } });
      if (mine === asking && dialog.open) await take(answer, keep);
    } catch {
      if (mine === asking && dialog.open) tell("The daemon does not answer, and nothing was done.");
    }
  }

  async function act(form) {
    const button = form.querySelector("button.confirm");
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      const body = new URLSearchParams(new FormData(form));
      await take(await fetch(form.action, { method: "POST", body, headers: { "x-fragment": "1" } }));
    } catch {
      // The form keeps its key, so that pressing again does it at most once.
      button.removeAttribute("aria-busy");
      const told = form.querySelector("[role=alert]") || form.insertBefore(node("p", "", { role: "alert" }), form.lastElementChild);
      told.textContent = "No answer came, so it may have been done. Press again: it is done once at the most.";
    }
  }

  function addressOf(form) {
    return `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
  }

  function idOf(form) {
    return form.matches("form.act") ? addressOf(form) : null;
  }

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("form.act")) {
      event.preventDefault();
      opener = idOf(form);
      look(addressOf(form));
    } else if (dialog.contains(form) && form.hasAttribute("data-act-look")) {
      event.preventDefault();
      look(addressOf(form), document.activeElement && document.activeElement.id);
    } else if (dialog.contains(form) && form.hasAttribute("data-act-do")) {
      event.preventDefault();
      act(form);
    }
  });

  dialog.addEventListener("change", (event) => {
    const form = event.target.closest("[data-act-look]");
    if (form) look(addressOf(form), event.target.id);
  });

  dialog.addEventListener("click", (event) => {
    if (!event.target.closest("[data-act-close]")) return;
    event.preventDefault();
    dialog.close();
  });

  dialog.addEventListener("close", () => {
    asking += 1;
    dialog.replaceChildren();
    // The panel may have been drawn anew meanwhile: the same button is another element then.
    const form = [...document.querySelectorAll("form.act")].find((one) => idOf(one) === opener);
    (form ? form.querySelector("button") : document.getElementById("main")).focus();
  });

  // --- keys ----------------------------------------------------------------------------------------------------

  const KEYS = [
    ["j, k", "next and previous incident"],
    ["Enter", "open it"],
    ["a, then Enter", "acknowledge it: the first open one if none is chosen"],
    ["?", "these keys"],
    ["Esc", "close a dialog; nothing is done"],
  ];

  function rows() {
    return [...document.querySelectorAll("[data-row]")];
  }

  function chosen() {
    return document.activeElement ? document.activeElement.closest("[data-row]") : null;
  }

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const at = all.indexOf(chosen());
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step));
    all[next].focus();
    all[next].scrollIntoView({ block: "nearest" });
  }

  function acknowledge() {
    const from = chosen() || document;
    const button = from.querySelector('button[data-act="incident.ack"]');
    if (button) button.form.requestSubmit(button);
  }

  function help() {
    const list = document.createElement("dl");
    list.className = "keys";
    for (const [keys, what] of KEYS) list.append(node("dt", keys), node("dd", what));
    const close = node("a", "Close", { class: "button", href: "/console", "data-act-close": "", autofocus: "" });
    const buttons = node("p", "", { class: "act-buttons" });
    buttons.append(close);
    opener = null;
    show(node("h2", "Keys", { id: "act-title" }), list, buttons);
  }

  function enter(event) {
    const row = chosen();
    if (row === null || document.activeElement !== row) return;
    const link = row.querySelector("a[href]");
    if (link) {
      event.preventDefault();
      link.click();
    }
  }

  document.addEventListener("keydown", (event) => {
    if (dialog.open || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const does = { j: () => move(1), k: () => move(-1), a: acknowledge, "?": help }[event.key];
    if (does) {
      event.preventDefault();
      does();
    } else if (event.key === "Enter") {
      enter(event);
    }
  });
})();
