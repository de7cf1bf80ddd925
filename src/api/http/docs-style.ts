/** The style of the documentation page: no external fonts or images, dark if the reader's system is. */
export const DOCS_STYLE = `
:root{--ink:#1b2430;--soft:#5c6b7a;--line:#dfe4ea;--paper:#fff;--panel:#f6f8fa;--accent:#0b6e6e;--code:#0f1b28;--on-code:#e6edf3}
@media (prefers-color-scheme:dark){:root{--ink:#dbe3ea;--soft:#93a1af;--line:#2a3440;--paper:#11171d;--panel:#171f27;--accent:#4fc3b8;--code:#0a0f14}}
*{box-sizing:border-box}html{scroll-behavior:smooth}
body{margin:0;color:var(--ink);background:var(--paper);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;display:grid;grid-template-columns:17rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.75rem 1.25rem;background:var(--panel);border-right:1px solid var(--line);font-size:.875rem}
nav .name{font-size:1.15rem;font-weight:650;margin:0 0 1.25rem}nav small{color:var(--soft);font-weight:400}
nav .tag{margin:1.1rem 0 .3rem;font-weight:600}nav ul{list-style:none;margin:0;padding:0}
nav li a{display:block;padding:.2rem .5rem;margin-left:-.5rem;border-radius:5px;font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.8rem;color:var(--soft)}
nav li a:hover{background:var(--line);color:var(--ink)}nav .more{margin-top:1.75rem}
a{color:var(--accent);text-decoration:none}nav .tag a{color:var(--ink)}
main{padding:2.5rem clamp(1.25rem,4vw,4rem) 6rem;max-width:64rem}
h1{font-size:2.1rem;line-height:1.2;margin:0 0 .5rem;letter-spacing:-.01em}h2{font-size:1.35rem;margin:3rem 0 1rem}
.lead{font-size:1.1rem;color:var(--soft);max-width:46rem;margin:0}
.note{border-left:3px solid var(--accent);padding:.1rem 0 .1rem 1.25rem;margin-top:2rem}.note h2{margin:0 0 .25rem;font-size:1.05rem}.note p{margin:0 0 .5rem;max-width:46rem}
article{border:1px solid var(--line);border-radius:10px;padding:1.25rem 1.5rem 1rem;margin:0 0 1.5rem;scroll-margin-top:1rem}
h3{margin:0;font-size:1.05rem;font-weight:600}h3 code{background:none;padding:0;font-size:1.05rem}
.method{display:inline-block;background:var(--accent);color:var(--paper);border-radius:5px;padding:.1rem .5rem;font-size:.75rem;font-weight:700;letter-spacing:.04em;vertical-align:.1em}
.summary{margin:.4rem 0 .6rem;font-weight:550}article p{max-width:46rem}
h4{margin:1.25rem 0 .35rem;font-size:.75rem;text-transform:uppercase;letter-spacing:.07em;color:var(--soft)}
code{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.85em;background:var(--panel);padding:.1em .35em;border-radius:4px}
pre{background:var(--code);color:var(--on-code);border-radius:8px;padding:.85rem 1rem;margin:.9rem 0;font:.82rem/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%;font-size:.9rem}td{border-top:1px solid var(--line);padding:.45rem .75rem .45rem 0;vertical-align:top}
td:first-child{width:34%}td:nth-child(2){width:22%;color:var(--soft)}td code{background:none;padding:0}
em{font-style:normal;font-size:.72rem;color:var(--accent);margin-left:.25rem}
.statuses{list-style:none;margin:1.1rem 0 .25rem;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(16rem,1fr));gap:.2rem 1rem;font-size:.82rem;color:var(--soft)}
.statuses li{display:flex;gap:.6rem}.statuses b{color:#b3541e}.statuses b.s2{color:var(--accent)}.statuses b.s5{color:#c0392b}
@media (max-width:820px){body{display:block}nav{position:static;height:auto;border-right:0;border-bottom:1px solid var(--line)}td{display:block;width:auto!important;border:0;padding:.1rem 0}tr{display:block;border-top:1px solid var(--line);padding:.5rem 0}}
`
