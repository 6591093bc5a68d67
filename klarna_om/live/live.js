"use strict";
// Fragments of the page that the server has rendered replace those that they are newer than.
const waiting = new Map();
const lost = document.getElementById("lost");
const PATIENCE = 15000; // the database is given up after ten seconds, and each reading ends with an event
let source, timer;

function apply() {
  const selection = getSelection();
  for (const [id, html] of waiting) {
    const place = document.getElementById(id);
    const isInUse = place.contains(document.activeElement)
      || (!selection.isCollapsed && selection.containsNode(place, true));
    if (isInUse) continue; // somebody copies an id; it is replaced when they are done
    place.innerHTML = html;
    waiting.delete(id);
  }
}

function setLost(isLost) {
  if (isLost && lost.hidden) document.getElementById("lost-since").textContent = new Date().toLocaleTimeString();
  lost.hidden = !isLost;
  document.body.classList.toggle("is-stale", isLost);
}

function connect() {
  source?.close();
  clearTimeout(timer);
  timer = setTimeout(() => { setLost(true); connect(); }, PATIENCE);
  if (document.hidden) return disconnect();
  source = new EventSource("events");
  source.onmessage = (event) => {
    clearTimeout(timer);
    timer = setTimeout(() => { setLost(true); connect(); }, PATIENCE);
    const { title, fragments } = JSON.parse(event.data);
    document.title = title;
    for (const [id, html] of Object.entries(fragments)) waiting.set(id, html);
    setLost(false);
    apply();
  };
  source.onerror = () => {
    setLost(true);
    if (source.readyState === EventSource.CLOSED) { clearTimeout(timer); timer = setTimeout(connect, 2000); }
  };
}

function disconnect() { // nobody looks, so the database is left alone
  source?.close();
  clearTimeout(timer);
}

document.addEventListener("visibilitychange", () => document.hidden ? disconnect() : connect());
document.addEventListener("selectionchange", apply);
addEventListener("pagehide", disconnect);
addEventListener("pageshow", (event) => { if (event.persisted) connect(); });
connect();
