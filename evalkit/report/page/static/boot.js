(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  let theme = null;
  try {
    theme = localStorage.getItem("evalkit-theme");
  } catch {
    // a private window keeps nothing
  }
  if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  performance.mark("ek-boot");
})();
