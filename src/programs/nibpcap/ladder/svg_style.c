#include "nibpcap/ladder/svg_style.h"

/* Every rule names the picture, so that none holds for the page around it. */
#define ALL ".nibdns-ladder "
#define MONO "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"

/* name, what it is for, on light, on dark */
#define COLOURS(X)                                                                                 \
    X(".page", "fill", "#ffffff", "#0d1117")                                                       \
    X(".page", "stroke", "#d8dee4", "#30363d")                                                     \
    X(".line", "stroke", "#c3ccd5", "#3d4753")                                                     \
    X(".head", "fill", "#f3f6f9", "#161d26")                                                       \
    X(".head", "stroke", "#c3ccd5", "#3d4753")                                                     \
    X(".bar", "fill", "#dfe7f1", "#24303f")                                                        \
    X(".bar", "stroke", "#b3c2d4", "#42536a")                                                      \
    X(".cut", "stroke", "#6e7a87", "#8d98a5")                                                      \
    X(".gap", "fill", "#ffffff", "#0d1117")                                                        \
    X("text", "fill", "#24292f", "#e6edf3")                                                        \
    X(".what", "stroke", "#ffffff", "#0d1117")                                                     \
    X(".dim", "fill", "#57606a", "#98a3b0")                                                        \
    X(".q path", "stroke", "#0b62d6", "#6cb0ff")                                                   \
    X(".q .tip", "fill", "#0b62d6", "#6cb0ff")                                                     \
    X(".q .note", "fill", "#0b57bd", "#6cb0ff")                                                    \
    X(".f path", "stroke", "#15803d", "#4fc466")                                                   \
    X(".f .tip", "fill", "#15803d", "#4fc466")                                                     \
    X(".f .note", "fill", "#116932", "#4fc466")                                                    \
    X(".m path", "stroke", "#9a5700", "#e0a33a")                                                   \
    X(".m .tip", "fill", "#9a5700", "#e0a33a")                                                     \
    X(".m .note", "fill", "#8a4e00", "#e0a33a")                                                    \
    X(".e path", "stroke", "#cf222e", "#ff7b72")                                                   \
    X(".e .tip", "fill", "#cf222e", "#ff7b72")                                                     \
    X(".e .note", "fill", "#b91c28", "#ff7b72")

static const char style[] = ALL
    ".line{stroke-width:1.5}" ALL
    ".cut{stroke-width:1.5;stroke-dasharray:1.5 5;stroke-linecap:round}\n" ALL
    "text{font:11px " MONO "}" ALL ".role{font-size:13px;font-weight:600;text-anchor:middle}" ALL
    ".host{text-anchor:middle}" ALL ".time{text-anchor:end}\n" ALL
    ".what{text-anchor:middle;paint-order:stroke;stroke-width:5px;stroke-linejoin:round}" ALL
    ".note{font-style:italic}\n" ALL ".arrow{fill:none;stroke-width:1.75}" ALL
    ".again{stroke-dasharray:6 4}" ALL ".cross{fill:none;stroke-width:2;stroke-linecap:round}\n"
#define X(name, property, light, dark) ALL name "{" property ":" light "}"
    COLOURS(X)
#undef X
        "\n@media (prefers-color-scheme:dark){"
#define X(name, property, light, dark) ALL name "{" property ":" dark "}"
    COLOURS(X)
#undef X
        "}\n";

struct nib_text svg_style(void)
{
    return (struct nib_text){style, sizeof style - 1};
}
