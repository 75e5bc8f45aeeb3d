"use strict";
// Asks for the newest frame, draws it, and only then asks again.

const at = (id) => document.getElementById(id);
const REMEMBERED = 250;   // frames whose times count, as on the server
const AGAIN_MS = 1000;

let last = 0;             // number of the last frame drawn; 0: none yet, or the page was hidden since
let missed = 0;
let counted = 0;          // frames in the numbers that stand on the page
const delays = [];
const cards = new Map();  // faces on the page, by track

const percentile = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)];
};
const times = ([p50, p95]) => `${p50.toFixed(0)} ms, 95 %: ${p95.toFixed(0)} ms`;

function element(kind, name, parent) {
  const made = document.createElement(kind);
  made.className = name;
  parent.append(made);
  return made;
}

function card(face, classes, colours) {
  const box = element("div", "face", at("faces"));
  box.dataset.track = face.track;
  const title = element("h2", "", box);
  const rows = classes.map((name, i) => {
    const row = element("div", "row", box);
    element("span", "", row).textContent = name;
    const bar = element("progress", "", row);
    bar.setAttribute("aria-label", name);
    bar.style.accentColor = colours[i];
    return { row, bar, percent: element("output", "", row) };
  });
  return { box, title, rows };
}

function showFaces(facts) {
  at("nobody").hidden = facts.faces.length > 0;
  const there = new Set(facts.faces.map((face) => face.track));
  for (const [track, { box }] of cards) {
    if (!there.has(track)) { box.remove(); cards.delete(track); }
  }
  for (const face of facts.faces) {
    if (!cards.has(face.track)) cards.set(face.track, card(face, facts.classes, facts.colours));
    const { title, rows } = cards.get(face.track);
    const known = face.probabilities;
    title.textContent = `Face ${face.track}` + (known ? `: ${face.answer}` : ": the network needs more frames");
    const most = facts.classes.indexOf(face.answer);
    rows.forEach(({ row, bar, percent }, i) => {
      row.classList.toggle("most", i === most);
      bar.value = known ? known[i] : 0;
      percent.textContent = known ? `${(100 * known[i]).toFixed(0)} %` : "";
    });
  }
}

function showNumbers(facts) {
  at("source").textContent = facts.source;
  at("description").textContent = facts.description;
  at("remark").textContent = facts.remark;
  at("frames").textContent = `${facts.frames} (${facts.rate.toFixed(1)} a second)`;
  at("latency").textContent = times(facts.latency);
  at("screen").textContent = times([percentile(delays, 0.5), percentile(delays, 0.95)]);
  at("without").textContent = facts.without_face;
  at("lost").textContent = facts.lost;
  at("passed").textContent = facts.passed_over;
  at("missed").textContent = missed;
  at("stages").replaceChildren(...Object.entries(facts.stages).map(([stage, took]) => {
    const line = document.createElement("div");
    element("dt", "", line).textContent = stage;
    element("dd", "", line).textContent = `${took[0].toFixed(1)} ms, 95 %: ${took[1].toFixed(1)} ms`;
    return line;
  }));
}

async function next() {
  const answer = await fetch(`frame?after=${last}`, { cache: "no-store" });
  if (answer.status === 204) { at("state").textContent = "The camera gives no new image."; return; }
  if (!answer.ok) throw new Error(answer.statusText);
  const facts = JSON.parse(answer.headers.get("Facts"));
  const frame = await createImageBitmap(await answer.blob());
  const canvas = at("frame");
  if (canvas.width !== frame.width || canvas.height !== frame.height) {
    canvas.width = frame.width;
    canvas.height = frame.height;
  }
  canvas.getContext("2d").drawImage(frame, 0, 0);
  frame.close();
  delays.push(performance.timeOrigin + performance.now() - facts.taken);
  if (delays.length > REMEMBERED) delays.shift();
  last = facts.number;
  missed += facts.missed;
  at("state").textContent = "";
  showFaces(facts);
  if (facts.frames !== counted) {
    counted = facts.frames;
    showNumbers(facts);
  }
}

async function show() {
  for (;;) {
    try {
      if (document.hidden) {
        last = 0;
        await new Promise((awake) => document.addEventListener("visibilitychange", awake, { once: true }));
      } else {
        await next();
      }
    } catch (problem) {
      at("state").textContent = "No connection: the program was stopped, or its camera failed. Its terminal says which.";
      await new Promise((again) => setTimeout(again, AGAIN_MS));
    }
  }
}

show();
