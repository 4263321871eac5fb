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
      root.dataset.theme = isDark() ? "light" : "dark";
      try {
        if (isDark() === system.matches) localStorage.removeItem("theme");
        else localStorage.setItem("theme", root.dataset.theme);
      } catch { /* not kept */ }
      show();
    });
  });
  system.addEventListener("change", show);
}
