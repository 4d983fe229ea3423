// Every page works without this file. It closes an open menu when somebody clicks elsewhere or presses Escape.
"use strict";

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  closeMenus(target && target.closest("details[data-menu]"));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = document.activeElement && document.activeElement.closest("details[data-menu][open]");
  closeMenus(null);
  if (menu) menu.querySelector("summary").focus();
});

// Buttons that can only work with scripts are hidden until scripts run.
for (const piece of document.querySelectorAll("[data-needs-script][hidden]")) piece.hidden = false;

// Deadlines are written with their zone; here they are read in the reader's own.
for (const moment of document.querySelectorAll("time[data-local]")) {
  const format = { day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  moment.title = moment.textContent;
  // "en" alone would mean American dates; the page writes 22 May, 14:00.
  const language = document.documentElement.lang.replace(/^en$/, "en-GB") || "en-GB";
  moment.textContent = new Intl.DateTimeFormat(language, format).format(new Date(moment.dateTime));
}

// A passkey that could not be used is told on the page, not in the console.
document.addEventListener("allauth.error", (event) => {
  const problem = document.querySelector("[data-passkey-problem]");
  if (!problem) return;
  event.preventDefault();
  problem.hidden = false;
});
