/** The style of the page at `/`: readable in light and dark mode and on a phone. */
export const HOME_STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1b2430;--soft:#5b6675;--line:#dfe4ea;--panel:#f6f8fa;--accent:#0b6e63;--warn:#a84a12;--bad:#b3261e}
@media (prefers-color-scheme:dark){:root{--paper:#12171d;--ink:#e5eaf0;--soft:#9aa6b4;--line:#2b343f;--panel:#1a2129;--accent:#4fc3b4;--warn:#f0a36b;--bad:#ff8a80}}
*{box-sizing:border-box}body{margin:0 auto;padding:2rem 1.25rem 3rem;max-width:60rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
header{display:flex;align-items:baseline;gap:1rem;flex-wrap:wrap}h1{margin:0;font-size:1.6rem}small{font-weight:400;color:var(--soft);font-size:.85rem}
header p,.state{margin:0;font-weight:600}.ok,.live{color:var(--accent)}.degraded,.backfill,.starting{color:var(--warn)}.stopped,.unknown{color:var(--bad)}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:1rem;margin:1.5rem 0}
article{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:1rem 1.1rem;overflow-wrap:anywhere}
h2{font-size:1.05rem;margin:2rem 0 .5rem}h3{margin:0;font-size:1.05rem}.error{color:var(--bad);font-size:.9rem;margin:.4rem 0}
dl{margin:.6rem 0 0;font-size:.92rem}dl div{display:flex;justify-content:space-between;gap:1rem;border-top:1px solid var(--line);padding:.28rem 0}
dt{color:var(--soft)}dd{margin:0;font-variant-numeric:tabular-nums;text-align:right}
ul{list-style:none;margin:0;padding:0}li{padding:.15rem 0}a{color:var(--accent);display:inline-block;min-width:8.5rem}li span,.note{color:var(--soft)}
code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.9em}
`
