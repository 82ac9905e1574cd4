"use strict";
(() => {
  const ORDER = ["error", "fails", "not judged", "not run", "not implemented", "conforms"];
  const by = (id) => document.getElementById(id);
  const table = by("rows"), body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  const first = heads.length - (by("function").length - 1);
  const words = {ok: "conforms", "–": "not implemented"};
  const rows = [...body.rows].map((tr, place) => ({tr, place, name: tr.cells[0].textContent.trim()}));
  const collator = new Intl.Collator(undefined, {numeric: true, sensitivity: "base"});
  let sorted = {column: -1, down: false}, page = 0, size = Number(table.dataset.page);

  const verdict = (row, column) => {
    const text = row.tr.cells[column].querySelector(".tag").textContent;
    return words[text] || text;
  };
  const key = (row, column) => {
    const cell = row.tr.cells[column];
    if (cell.dataset.s !== undefined) return cell.dataset.s === "" ? null : Number(cell.dataset.s);
    return cell.querySelector(".tag") ? ORDER.indexOf(verdict(row, column)) : cell.textContent.trim();
  };
  const compare = (a, b) => {
    if (a.key === null || b.key === null) return (a.key === null) - (b.key === null);
    const order = typeof a.key === "string" ? collator.compare(a.key, b.key) : a.key - b.key;
    return (sorted.down ? -order : order) || a.place - b.place;
  };
  const sort = (column) => {
    sorted = {column, down: sorted.column === column && !sorted.down};
    for (const row of rows) row.key = key(row, column);
    rows.sort(compare);
    body.append(...rows.map((row) => row.tr));
    heads.forEach((head, at) => {
      if (at === column) head.setAttribute("aria-sort", sorted.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    page = 0;
    show();
  };
  const show = () => {
    const text = by("search").value.trim().toLowerCase(), wanted = by("verdict").value;
    const column = by("function").value, mistake = by("mistake") ? by("mistake").value : "";
    const fits = (row) =>
      (!text || row.name.toLowerCase().includes(text)) &&
      (!wanted || (column ? verdict(row, first + Number(column)) : row.tr.dataset.v) === wanted) &&
      (!mistake || (row.tr.dataset.m || "").split(" ").includes(mistake));
    let count = 0;
    for (const row of rows) {
      const fit = fits(row);
      row.tr.className = !fit ? "out" : size && Math.floor(count / size) !== page ? "off" : "";
      count += fit;
    }
    const pages = size ? Math.max(1, Math.ceil(count / size)) : 1;
    if (page >= pages) { page = pages - 1; show(); return; }
    const from = count ? page * size + 1 : 0, to = size ? Math.min(count, (page + 1) * size) : count;
    by("shown").textContent = `Showing ${from} to ${to} of ${count}` + (count < rows.length ? `, filtered from ${rows.length}` : "");
    by("page").textContent = `Page ${page + 1} of ${pages}`;
    by("back").disabled = page === 0;
    by("on").disabled = page === pages - 1;
    document.querySelector(".pager").hidden = rows.length <= 50;
  };
  const again = () => { page = 0; show(); };

  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => sort(column)));
  for (const id of ["search", "function", "verdict", "mistake"]) if (by(id)) by(id).addEventListener("input", again);
  by("size").addEventListener("input", () => { size = Number(by("size").value); again(); });
  by("back").addEventListener("click", () => { page -= 1; show(); });
  by("on").addEventListener("click", () => { page += 1; show(); });
  by("reset").addEventListener("click", () => {
    for (const id of ["search", "function", "verdict", "mistake"]) if (by(id)) by(id).value = "";
    again();
  });
  for (const button of document.querySelectorAll("button.only")) {
    button.addEventListener("click", () => {
      by("reset").click();
      by("mistake").value = button.dataset.mistake;
      again();
      by("all").scrollIntoView();
      by("mistake").focus({preventScroll: true});
    });
  }
  body.classList.add("ready");
  show();
})();
