// Drawings that are wider than their panes begin with their first box in the middle.
for (const pane of document.querySelectorAll(".scroll.graph")) {
  const box = pane.querySelector(".box");
  if (box)
    pane.scrollLeft += box.getBoundingClientRect().left - pane.getBoundingClientRect().left - (pane.clientWidth - 150) / 2;
}
// A click on a column's title sorts the layers by it, a second click the other way round.
for (const head of document.querySelectorAll("thead th")) {
  const button = document.createElement("button");
  button.textContent = head.textContent;
  head.replaceChildren(button);
  button.addEventListener("click", function () {
    const column = head.cellIndex, body = head.closest("table").tBodies[0];
    const number = head.classList.contains("n");
    const down = head.hasAttribute("aria-sort") ? head.getAttribute("aria-sort") === "ascending" : number;
    const key = row => number ? Number(row.cells[column].dataset.v) : row.cells[column].textContent;
    const compare = number ? (a, b) => key(a) - key(b) : (a, b) => key(a).localeCompare(key(b), "en", { numeric: true });
    for (const other of head.parentNode.cells)
      other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...[...body.rows].sort((a, b) => down ? compare(b, a) : compare(a, b)));
  });
}
