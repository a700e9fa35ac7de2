// Shows when the page is no longer written, and takes a newer one over. Nothing here is needed to read it.
"use strict";
(() => {
  const body = document.body;
  const stale = document.getElementById("stale");
  const shown = document.getElementById("written");
  const staleAfter = Number(body.dataset.staleAfter) * 1000;
  let written = Date.parse(body.dataset.written);

  function judge() {
    stale.hidden = Date.now() - written <= staleAfter;
  }

  function meaning(page) {
    // All but when it was written.
    return JSON.stringify({ ...page, written_at: "" });
  }

  let first = "";
  async function look() {
    try {
      const answer = await fetch("status.json", { cache: "no-store" });
      if (answer.ok) {
        const page = await answer.json();
        const now = meaning(page);
        if (first !== "" && now !== first) {
          location.reload();
          return;
        }
        first = now;
        written = Date.parse(page.written_at);
        shown.dateTime = page.written_at;
        shown.textContent = page.written_at.slice(0, 10) + " " + page.written_at.slice(11, 16) + " UTC";
      }
    } catch {
      // Without an answer the page grows old, and says so.
    }
    judge();
  }

  judge();
  look();
  setInterval(look, 30000);
})();
