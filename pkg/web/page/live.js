// Keeps the page of a run under way up to date. What it shows are texts, never mark-up.
"use strict";
(() => {
  const page = document.getElementById("live");
  const at = (id) => document.getElementById(id);
  const text = (id, value) => { const e = at(id), t = String(value); if (e.textContent !== t) e.textContent = t; };
  const element = (name, content, kind) => {
    const e = document.createElement(name);
    e.textContent = content;
    if (kind) e.className = kind;
    return e;
  };
  const percent = (share) => share === 1 ? "100\u00a0%" : (Math.floor(share * 1e4) / 100).toFixed(2) + "\u00a0%";
  const points = [];

  function draw(s) {
    points.push([s.rate, s.rate * (1 - s.success)]);
    if (points.length > 240) points.shift();
    const most = Math.max(1, ...points.map((p) => p[0]));
    const path = (of) => points.map((p, i) => (720 * i / 239).toFixed(1) + "," + (116 - 112 * of(p) / most).toFixed(1)).join(" ");
    at("all").setAttribute("points", path((p) => p[0]));
    at("bad").setAttribute("points", path((p) => p[1]));
    at("chart").hidden = false;
  }

  let newest = -1;
  function show(s) {
    text("phase", s.phase);
    text("in-phase", Math.round(s.inPhase));
    text("rate", s.rate.toFixed(1));
    text("success", percent(s.success));
    text("failures", s.failures);
    text("requests", s.requests);
    text("ready", s.ready);
    text("desired", s.desired);
    at("pods").replaceChildren(...s.pods.map((p) => {
      const row = document.createElement("tr");
      const name = element("th", p.name);
      name.scope = "row";
      row.append(name, element("td", p.node), element("td", p.state, /^[a-z]+$/.test(p.state) ? "pod-" + p.state : "pod-odd"));
      return row;
    }));
    at("more-pods").hidden = !s.morePods;
    at("more-pods").firstElementChild.textContent = s.morePods;
    const lines = s.lines || [];
    const last = lines.length ? lines[lines.length - 1].at : -1;
    if (last !== newest || at("lines").childElementCount !== lines.length) {
      newest = last;
      at("lines").replaceChildren(...lines.map((l) => {
        const item = element("li", "", "line-" + l.kind);
        item.append(element("span", l.at.toFixed(2) + " s", "num"), " " + l.text);
        return item;
      }));
    }
    draw(s);
  }

  const events = new EventSource("/live/" + encodeURIComponent(page.dataset.run) + "/events");
  events.addEventListener("state", (e) => show(JSON.parse(e.data)));
  events.addEventListener("over", () => {
    events.close();
    at("over").hidden = false;
  });
})();
