"use strict";
(() => {
  const panels = JSON.parse(document.getElementById("panels").textContent);

  // Tables: a press on a head sorts by its column, numbers as numbers; a second press turns the order round.
  const number = (text) => { const found = text.replace("−", "-").match(/^[+]?(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)/i); return found ? Number(found[1]) : NaN; };
  const compared = (a, b) => {
    const [x, y] = [number(a), number(b)];
    return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b) : x - y;
  };
  for (const head of document.querySelectorAll("th")) {
    head.querySelector("button").addEventListener("click", () => {
      const table = head.closest("table"), at = head.cellIndex, up = head.getAttribute("aria-sort") !== "ascending";
      for (const other of table.querySelectorAll("th")) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (up ? 1 : -1) * compared(a.cells[at].textContent, b.cells[at].textContent));
      table.tBodies[0].append(...rows);
    });
  }

  // The numbers: only rows that have the words.
  const find = document.getElementById("find");
  if (find) find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const table of document.querySelectorAll("table.numbers")) {
      let here = 0;
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        here += row.hidden ? 0 : 1;
      }
      if (words.length) table.closest("details").open = here > 0;
      shown += here;
    }
    document.getElementById("found").textContent = words.length ? `${shown} found` : "";
  });

  // Figures: the nearest point is told, by pointer or arrow keys; buttons enlarge, dragging moves.
  for (const figure of document.querySelectorAll("figure.picture")) {
    const svg = figure.querySelector("svg"), own = panels[figure.dataset.name] || [];
    const buttons = figure.querySelector(".zoom"), told = figure.querySelector(".point");
    if (!svg) { for (const button of buttons.querySelectorAll("button")) button.hidden = true; continue; }
    const whole = svg.getAttribute("viewBox").split(/\s+/).map(Number);
    let view = [...whole], at = { panel: 0, line: 0, point: -1 };
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", figure.querySelector("figcaption").textContent);
    const near = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    near.setAttribute("r", "4.5");
    near.setAttribute("class", "near");
    near.setAttribute("visibility", "hidden");
    svg.append(near);

    const look = () => { svg.setAttribute("viewBox", view.join(" ")); svg.classList.toggle("moved", view[2] < whole[2]); };
    const zoom = (factor, x, y) => {
      const width = Math.min(whole[2], view[2] * factor), height = (width * whole[3]) / whole[2];
      const share = [(x - view[0]) / view[2], (y - view[1]) / view[3]];
      view = [x - share[0] * width, y - share[1] * height, width, height];
      view[0] = Math.max(whole[0], Math.min(view[0], whole[0] + whole[2] - width));
      view[1] = Math.max(whole[1], Math.min(view[1], whole[1] + whole[3] - height));
      look();
    };
    buttons.addEventListener("click", (event) => {
      const kind = event.target.dataset.zoom;
      if (kind === "whole") { view = [...whole]; look(); }
      else if (kind) zoom(kind === "in" ? 0.7 : 1 / 0.7, view[0] + view[2] / 2, view[1] + view[3] / 2);
    });

    const tell = () => {
      const panel = own[at.panel], line = panel.lines[at.line], [x, y] = line.at[at.point];
      near.setAttribute("cx", x);
      near.setAttribute("cy", y);
      near.setAttribute("visibility", "visible");
      told.textContent = [line.label, `${panel.x || "at"}: ${line.x[at.point]}`, `${panel.y || "value"}: ${line.y[at.point]}`].filter(Boolean).join(" · ");
    };
    const place = (event) => {
      const box = svg.getBoundingClientRect();
      return [view[0] + ((event.clientX - box.left) / box.width) * view[2], view[1] + ((event.clientY - box.top) / box.height) * view[3]];
    };
    let held = null;
    svg.addEventListener("pointerdown", (event) => { if (view[2] < whole[2]) { held = place(event); svg.setPointerCapture(event.pointerId); } });
    svg.addEventListener("pointerup", () => { held = null; });
    svg.addEventListener("pointermove", (event) => {
      const [x, y] = place(event);
      if (held) { view[0] += held[0] - x; view[1] += held[1] - y; zoom(1, view[0], view[1]); return; }
      let best = Infinity;
      own.forEach((panel, p) => {
        const [left, top, width, height] = panel.box;
        if (x < left - 4 || y < top - 4 || x > left + width + 4 || y > top + height + 4) return;
        panel.lines.forEach((line, l) => line.at.forEach(([px, py], k) => {
          const far = (px - x) ** 2 + (py - y) ** 2;
          if (far < best) { best = far; at = { panel: p, line: l, point: k }; }
        }));
      });
      if (best < Infinity) tell();
    });
    svg.addEventListener("pointerleave", () => { near.setAttribute("visibility", "hidden"); });

    const lines = own.flatMap((panel, p) => panel.lines.map((_, l) => [p, l]));
    figure.querySelector(".frame").addEventListener("keydown", (event) => {
      if (!lines.length || !event.key.startsWith("Arrow")) return;
      event.preventDefault();
      if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        const now = lines.findIndex(([p, l]) => p === at.panel && l === at.line);
        const next = (now + (event.key === "ArrowDown" ? 1 : lines.length - 1)) % lines.length;
        at = { panel: lines[next][0], line: lines[next][1], point: 0 };
      } else {
        const many = own[at.panel].lines[at.line].at.length;
        at.point = (at.point + (event.key === "ArrowRight" ? 1 : many - 1) + (at.point < 0 && event.key === "ArrowLeft" ? 1 : 0)) % many;
      }
      tell();
    });
  }
})();
