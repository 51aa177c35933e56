/* Light, dark or the system's own; colours for the canvases are read from the style once per
   theme. */
const THEMES = [null, "light", "dark"];
let palette = new Map();
const redraws = new Set();

function colour(variable) {
  let value = palette.get(variable);
  if (value === undefined) {
    value = getComputedStyle(root).getPropertyValue(variable).trim();
    palette.set(variable, value);
  }
  return value;
}

function repaint() {
  palette = new Map();
  for (const draw of redraws) draw();
}

function labelTheme() {
  $("#theme").setAttribute("aria-label", `Colour theme: ${root.dataset.theme || "system"}`);
}

function nextTheme() {
  const now = THEMES.indexOf(root.dataset.theme || null);
  const theme = THEMES[(now + 1) % THEMES.length];
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
  try {
    if (theme) localStorage.setItem("evalkit-theme", theme);
    else localStorage.removeItem("evalkit-theme");
  } catch {
    // a private window keeps nothing
  }
  labelTheme();
  say(`Colour theme: ${theme || "system"}`);
  repaint();
}

$("#theme").addEventListener("click", nextTheme);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
labelTheme();
