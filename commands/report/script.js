// Filters the table of claims. What is asked for stands in the address (#q=...&paper=...&verdict=...), so that it can be linked.
(function () {
  const fields = ["q", "paper", "verdict"].map((name) => document.getElementById("filter-" + name));
  const rows = Array.from(document.querySelectorAll("#claims tbody tr"));
  const shown = document.getElementById("shown");

  function apply() {
    const [q, paper, verdict] = fields.map((field) => field.value.trim().toLowerCase());
    const words = q.split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const fits = words.every((word) => text.includes(word))
        && (!paper || row.dataset.paper === paper) && (!verdict || row.dataset.verdict === verdict);
      row.hidden = !fits;
      count += fits;
    }
    shown.textContent = count + " of " + rows.length;
  }

  function read() {
    const asked = new URLSearchParams(location.hash.slice(1));
    if (!fields.some((field) => asked.has(field.name))) return;
    for (const field of fields) field.value = asked.get(field.name) || "";
    apply();
  }

  for (const field of fields) {
    field.addEventListener("input", () => {
      apply();
      const asked = new URLSearchParams(fields.filter((f) => f.value).map((f) => [f.name, f.value]));
      history.replaceState(null, "", asked.toString() ? "#" + asked : location.pathname + location.search);
    });
  }
  addEventListener("hashchange", read);
  // Paper has no fold: everything that is closed on the screen is printed.
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  read();
  apply();
})();
