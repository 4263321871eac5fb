// Before anything is drawn: the colours that the visitor chose, if those are not the system's.
{
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const isDark = () => (root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const show = () => document.querySelector(".theme")?.setAttribute("aria-pressed", isDark());
  if (["light", "dark"].includes(chosen())) root.dataset.theme = chosen();
  addEventListener("DOMContentLoaded", () => {
    show();
    document.querySelector(".theme").addEventListener("click", () => {
      const dark = !isDark();
      if (dark === system.matches) delete root.dataset.theme; // as the system has them, also when it changes
      else root.dataset.theme = dark ? "dark" : "light";
      try {
        if (root.dataset.theme) localStorage.setItem("theme", root.dataset.theme);
        else localStorage.removeItem("theme");
      } catch { /* not kept */ }
      show();
    });
  });
  system.addEventListener("change", show);
}
